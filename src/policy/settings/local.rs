//! `[ec.local]`: the embedded store of the native server and the command line.

use crate::policy::setting::settings;
use crate::policy::types::DataDir;

settings! {
    /// The embedded store of the native server and the command line.
    Local in "local." {
        /// Folder of the embedded store, created on first use.
        data_dir: DataDir = DataDir::known("ec-data");
        /// Most writes that share one commit to disk.
        ///
        /// More make a busy store faster, and a lone writer no slower: a commit never waits for company.
        commit_writes: u32 = 8_192, from 1, to 1_000_000;
        /// Stored records that each write looks at for expiry, so that expired ones are swept; `0` sweeps
        /// nothing.
        sweep_per_write: u32 = 2, from 0, to 1_000;
        /// Memory that the embedded store may use to keep pages at hand, in MiB.
        cache_mib: u32 = 64, from 1, to 65_536;
    }
}
