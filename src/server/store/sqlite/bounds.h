// Every maximum of the SQLite backend.
#ifndef DGL_SERVER_STORE_SQLITE_BOUNDS_H
#define DGL_SERVER_STORE_SQLITE_BOUNDS_H

#define DGL_SQLITE_QUEUE_MAX 8192        // write requests waiting; more are refused with DGL_E_UNAVAILABLE
#define DGL_SQLITE_BATCH_MAX 512         // requests in one commit
#define DGL_SQLITE_READERS_MAX 16        // read connections; further readers wait for one
#define DGL_SQLITE_STATEMENTS_MAX 256    // prepared statements per connection (a power of two)
#define DGL_SQLITE_BUSY_MS 5000          // waiting for another process (a command line beside the server)
#define DGL_SQLITE_CHECKPOINT_PAGES 4096 // the log is copied into the database at this length (16 MiB) when idle …
#define DGL_SQLITE_CHECKPOINT_HARD 16384 // … and under load at this one (64 MiB)
#define DGL_SQLITE_CHECKPOINT_STEP 1024  // pages until the next try after readers held one back
#define DGL_SQLITE_LOG_KEPT_BYTES 67108864
#define DGL_SQLITE_IDLE_MS 500   // a short log is copied after this long without a write
#define DGL_SQLITE_IDLE_PAGES 64 // … when it has this many pages
#define DGL_SQLITE_WRITER_CACHE_KIB 65536
#define DGL_SQLITE_READER_CACHE_KIB 4096
#define DGL_SQLITE_PROBE_MS 1000 // after a failed commit, /readyz tries one of its own at most this often
#define DGL_SQLITE_COPIES_KEPT 3 // copies made before migrations, each of another version
#define DGL_SQLITE_COPIES_LOOKED_AT 256

#define DGL_STORE_CLAIM_MAX 64      // jobs claimed at once
#define DGL_STORE_LIST_MAX 10000    // rows of a list asked for without pages
#define DGL_STORE_ENDPOINTS_MAX 200 // webhook endpoints of one organization
#define DGL_STORE_LISTENERS_MAX 20  // of them, listeners
#define DGL_STORE_DUE_MAX 1000      // due deliveries, or queues, loaded at once
#define DGL_STORE_SAMPLE_MAX 500    // deliveries an endpoint's health is judged by
#define DGL_STORE_PENDING_MAX 10000 // counted at most
#define DGL_STORE_EXPIRE_LOOK 5000  // rows of a queue looked at in one transaction for old ones
#define DGL_STORE_REDELIVER_MAX 10000
#define DGL_STORE_LISTENER_US (INT64_C(24) * 3600 * 1000000) // a listener nobody asks for is deleted
#define DGL_STORE_PRUNE_MAX 500                              // rows of each kind removed in one transaction
#define DGL_STORE_SWEEP_MAX 500                              // pending deliveries canceled in one transaction
#define DGL_STORE_TOUCH_US (INT64_C(600) * 1000000)          // that a listener asked is written down at most this often
#define DGL_STORE_LETTER_ADMINS 50                           // who get a notice of one event
#define DGL_STORE_LETTER_US (INT64_C(7) * 86400 * 1000000)   // letters that nobody sends are removed
#define DGL_STORE_IDEMPOTENCY_US (INT64_C(24) * 3600 * 1000000)

#endif
