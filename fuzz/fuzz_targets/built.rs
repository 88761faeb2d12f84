//! See `talk_fuzz::built`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| talk_fuzz::built(input));
