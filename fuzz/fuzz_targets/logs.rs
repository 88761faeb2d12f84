//! See `talk_fuzz::logs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| talk_fuzz::logs(input));
