//! See `talk_fuzz::heads`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| talk_fuzz::heads(input));
