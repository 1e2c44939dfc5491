// SPDX-License-Identifier: Apache-2.0
// MurmurHash3, the x86 variant with 32 bits (Austin Appleby, public domain), over the UTF-8 of a text.

const encoder = new TextEncoder();

/** The hash, a whole number from 0 to 2^32 - 1. A lone surrogate counts as U+FFFD, as in any UTF-8 of the web. */
export function murmur3(text, seed) {
  const bytes = utf8(text);
  const whole = bytes.length & ~3;
  let hash = seed | 0;
  for (let at = 0; at < whole; at += 4) {
    const block = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    hash = rotate(hash ^ scrambled(block), 13);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= whole; at--) tail = (tail << 8) | bytes[at];
  return finished(hash ^ scrambled(tail) ^ bytes.length);
}

/** Most texts that are hashed are short and ASCII: these are written down here, the encoder takes much longer. */
function utf8(text) {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127) return encoder.encode(text);
    bytes[at] = code;
  }
  return bytes;
}

const rotate = (word, by) => (word << by) | (word >>> (32 - by));

const scrambled = (block) => Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);

function finished(hash) {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
