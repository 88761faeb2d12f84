//! See `talk_fuzz::shown`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| talk_fuzz::shown(input));
