//! `[ec.local]`: the store of the native server and the command line, and the server itself.

use crate::policy::setting::settings;
use crate::policy::types::{DataDir, Locality, Proxies, Seconds, StoreAddress};

settings! {
    /// The embedded store, and the native server.
    Local in "local." [machine] {
        /// Folder of the embedded store, created on first use.
        [restart] data_dir: DataDir = DataDir::known("ec-data");
        /// Where records are kept, unless `--store` says: `memory`, a file or folder, or the Valkey or Redis that several
        /// servers share, as `redis://HOST:PORT/DATABASE` (`rediss://` over TLS); `none` means `local.data_dir`.
        ///
        /// A password has no place in it: it is `redis.password`.
        [restart] store: Option<StoreAddress> = None;
        /// Most writes that share one commit to disk.
        ///
        /// More make a busy store faster, and a lone writer no slower: a commit never waits for company.
        [restart] commit_writes: u32 = 8_192, from 1, to 1_000_000;
        /// Stored records that each write looks at for expiry, so that expired ones are swept; `0` sweeps
        /// nothing.
        [restart] sweep_per_write: u32 = 2, from 0, to 1_000;
        /// Memory that the embedded store may use to cache pages in, in MiB.
        [restart] cache_mib: u32 = 64, from 1, to 65_536;
        /// Recently read records that the embedded store caches in addition to its pages, so that reading one again waits for
        /// no disk; `0` keeps none.
        ///
        /// One takes as much memory as its body and metadata.
        [restart] recent_records: u32 = 16_384, from 0, to 16_777_216;
        /// Store calls that the native server has under way at once; more wait, within `store.call_timeout`.
        ///
        /// Writes under way together share a commit to disk.
        store_calls: u32 = 64, from 1, to 1_024;
        /// Withdrawals that the native server keeps in its outbox until the store takes them: a file whose space is
        /// reserved when the server starts; `0` keeps none.
        ///
        /// One takes 128 bytes. The file is next to the embedded store, or in `local.data_dir` where servers share a
        /// store. A store in memory has none.
        [restart] outbox_withdrawals: u32 = 65_536, from 0, to 16_777_216;
        /// The place assumed of a client whose place is not known, as `DE` or `US-CA`; `none` assumes none.
        ///
        /// The native server has no geo source: without this no place is ever known, and no id given.
        geo: Option<Locality> = None;
        /// Proxies whose `X-Forwarded-For` or `Forwarded` is believed, as addresses or networks; no one else's is.
        ///
        /// An element that cannot be read, or two headers that name different clients, leave a request without an
        /// address, and so without a new id.
        trusted_proxies: Proxies = Proxies::default();
        /// Connections that the native server takes at once; more wait. `0` takes as many as the limit of file handles
        /// leaves room for, up to 10,000.
        ///
        /// The server raises its soft limit to the hard one when it starts. 32 handles are kept for everything else, and
        /// one for each of `redis.connections`; a client takes up to three, with its connections to the origin.
        [restart] max_connections: u32 = 0, from 0, to 1_000_000;
        /// Longest that the native server waits for a client, or for its own answer.
        ///
        /// It limits three waits:
        ///
        /// - for the head of a request, and so for the next one on a connection that stays open;
        ///
        /// - for progress, while a client sends a body or reads an answer (`local.min_bytes_per_second`);
        ///
        /// - for the service's own answer, and for the head of the origin's.
        ///
        /// After that, a client is hung up on (`408` for a body), and a late answer is a `504`.
        request_timeout: Seconds = Seconds::new(30), from Seconds::new(1), to Seconds::new(3_600);
        /// Bytes a second at which a client that sends a body or reads an answer is waited for without end; a slower one
        /// is hung up on. `0` waits for any progress.
        min_bytes_per_second: u32 = 1_024, from 0, to 1_073_741_824;
        /// Largest head of a request to the native server, in bytes.
        [restart] max_header_bytes: u32 = 65_536, from 8_192, to 1_048_576;
        /// Longest that the native server waits for requests under way when it is stopped.
        shutdown_grace: Seconds = Seconds::new(10), from Seconds::new(0), to Seconds::new(3_600);
    }
}
