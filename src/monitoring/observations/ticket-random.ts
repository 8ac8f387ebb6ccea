/** In [0, 1), a function of the ticket's key and the detector's salt. */
export function ticketRandom(key: number, salt: number): number {
  let mixed =
    (key >>> 0) ^ Math.imul(Math.floor(key / 4_294_967_296) + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 4_294_967_296;
}
