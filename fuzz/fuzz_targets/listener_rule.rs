#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| greenlight_tests::fuzzing::listener_rule(data));
