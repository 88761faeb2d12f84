//! The log on disk: kills, restarts, damage, files changed by others.

mod kill; // SIGKILL under load: each message stored once
mod loading; // rooms are loaded when they are needed
mod recovery; // restarts, damage, full disks
mod tampered_files; // files that another program has changed
mod other_history; // one log id, two histories
mod verify_export; // the verify and export commands
mod names; // server names
mod new_owners; // names that were another person's before
mod remove; // the remove command
