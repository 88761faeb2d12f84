//! See `talk_fuzz::texts`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| talk_fuzz::texts(input));
