//! The masking of a client's payloads: XOR with four bytes (RFC 6455 §5.3).

/// XORs `bytes` with `mask`, repeated. Masking twice gives the bytes back.
///
/// Eight bytes at a time; the compiler uses wider registers where the machine has them.
pub(super) fn apply(mask: [u8; 4], bytes: &mut [u8]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = bytes.as_chunks_mut();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= key;
    }
}

/// The mask for the rest of a payload, after its first `bytes`.
pub(super) fn after(mut mask: [u8; 4], bytes: usize) -> [u8; 4] {
    mask.rotate_left(bytes % 4);
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_of_any_length_cut_anywhere_is_masked_byte_by_byte() {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        for length in 0..40 {
            let plain: Vec<u8> = (0..length).collect();
            let masked: Vec<u8> =
                plain.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
            for cut in 0..=plain.len() {
                let mut bytes = plain.clone();
                let (start, end) = bytes.split_at_mut(cut);
                apply(mask, start);
                apply(after(mask, cut), end);
                assert_eq!(bytes, masked, "{length} bytes cut at {cut}");
            }
        }
    }

    #[test]
    fn the_sample_of_the_rfc_is_hello() {
        let mut bytes = *b"\x7f\x9f\x4d\x51\x58"; // §5.7
        apply([0x37, 0xfa, 0x21, 0x3d], &mut bytes);
        assert_eq!(&bytes, b"Hello");
    }
}
