//! What the server does in one step, each of it one Lua script on one key.

use std::sync::LazyLock;

use redis::Script;

/// A script that finds out whether the record is kept, and then does what these files say.
macro_rules! on_record {
    ($($file:literal),*) => {
        LazyLock::new(|| Script::new(concat!(include_str!("lua/kept.lua"), $(include_str!($file)),*)))
    };
}

pub(super) static LOOKUP: LazyLock<Script> = on_record!("lua/lookup.lua");
pub(super) static EXISTS: LazyLock<Script> = on_record!("lua/exists.lua");
pub(super) static OVERWRITE: LazyLock<Script> = on_record!("lua/write.lua");
pub(super) static ADD: LazyLock<Script> = on_record!("lua/add.lua", "lua/write.lua");
pub(super) static SWAP: LazyLock<Script> = on_record!("lua/swap.lua", "lua/write.lua");
pub(super) static DELETE: LazyLock<Script> = on_record!("lua/delete.lua");
pub(super) static ADMIT: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("lua/admit.lua")));
