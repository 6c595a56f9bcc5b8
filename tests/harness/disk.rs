//! A small disk that fills up.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A disk of its own, in memory.
pub struct Disk(tempfile::TempDir);

impl Disk {
    /// One of so many bytes; none where this user may not mount one, which in CI is a failure.
    pub fn of(bytes: u64) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "disk"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(folder));
        }
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "no small disk can be mounted"
        );
        eprintln!("LEFT OUT: only root may mount a small disk");
        None
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills it to the last byte, with a file that is given back.
    pub fn fill(&self) -> PathBuf {
        let path = self.path().join("fill");
        let mut file = File::create(&path).unwrap();
        for size in [65_536, 4_096, 1] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
