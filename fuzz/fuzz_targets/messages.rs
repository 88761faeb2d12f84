//! See `talk_fuzz::messages`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| talk_fuzz::messages(input));
