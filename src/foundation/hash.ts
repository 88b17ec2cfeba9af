/**
 * 64 bits of FNV-1a (two 32-bit lanes), as 16 hex digits. It need not resist anyone: a collision is found by comparing the request,
 * and loading node:crypto would cost the cache hit 2.6 to 4.6 ms.
 */
export function shortHash(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit ^ (low >>> 16), 0x01000193);
  }
  return [high, low].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
}
