import type { Random } from './random.ts';

const interestingBytes = [0, 1, 9, 10, 13, 32, 45, 46, 47, 48, 57, 58, 126, 127, 128, 255];
const interestingNumbers = [
  ...[0n, 1n, 2n, 127n, 128n, 255n, 256n, 4095n, 32_767n, 32_768n, 65_535n, 65_536n, 2_147_483_647n, 2_147_483_648n],
  ...[4_294_967_295n, 4_294_967_296n, 9_007_199_254_740_992n, 9_223_372_036_854_775_807n, 18_446_744_073_709_551_615n],
];
/** One of so many mutants repeats a block until it is as long as allowed; more often would be slow. */
const repeatOnceIn = 200;

export interface MutationRules {
  readonly mostBytes: number;
  readonly dictionary: readonly Uint8Array[];
}

type Mutation = (input: Uint8Array, random: Random, rules: MutationRules, other: Uint8Array) => Uint8Array;

const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Puts `part` in the place of `length` bytes at `at`. */
function put(input: Uint8Array, at: number, length: number, part: Uint8Array): Uint8Array {
  return join(input.subarray(0, at), part, input.subarray(at + length));
}

/** A block of the input, mostly a short one. */
function block(input: Uint8Array, random: Random): readonly [start: number, end: number] {
  const start = random.below(input.length);
  const length = 1 + random.below(random.once(4) ? input.length - start : Math.min(8, input.length - start));
  return [start, Math.min(input.length, start + length)];
}

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

const mutations: readonly Mutation[] = [
  function flipBit(input, random) {
    const out = input.slice();
    const at = random.below(out.length);
    out[at] = (out[at] ?? 0) ^ (1 << random.below(8));
    return out;
  },
  function setByte(input, random) {
    const out = input.slice();
    out[random.below(out.length)] = random.once(2) ? random.below(256) : random.pick(interestingBytes);
    return out;
  },
  function setNumber(input, random) {
    const out = input.slice();
    const bytes = random.pick([2, 4, 8] as const);
    if (out.length < bytes) return out;
    const at = random.below(out.length - bytes + 1);
    let value = random.once(4) ? BigInt(random.below(out.length + 1)) : random.pick(interestingNumbers);
    if (random.once(4)) value = -value;
    const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
    const isLittle = random.once(2);
    if (bytes === 2) view.setUint16(at, Number(BigInt.asUintN(16, value)), isLittle);
    else if (bytes === 4) view.setUint32(at, Number(BigInt.asUintN(32, value)), isLittle);
    else view.setBigUint64(at, BigInt.asUintN(64, value), isLittle);
    return out;
  },
  function writtenNumber(input, random) {
    const digits = (at: number): boolean => (input[at] ?? 0) >= 48 && (input[at] ?? 0) <= 57;
    let start = random.below(input.length);
    while (start < input.length && !digits(start)) start++;
    let end = start;
    while (digits(end)) end++;
    const value = String(random.pick(interestingNumbers));
    return put(input, start, end - start, Buffer.from(random.once(4) ? `0${value}` : value));
  },
  function insertBytes(input, random) {
    return put(input, random.below(input.length + 1), 0, randomBytes(random, 1 + random.below(8)));
  },
  function insertByte(input, random) {
    return put(input, random.below(input.length + 1), 0, Uint8Array.of(random.pick(interestingBytes)));
  },
  function remove(input, random) {
    const [start, end] = block(input, random);
    return put(input, start, end - start, new Uint8Array());
  },
  function cutOff(input, random) {
    return input.slice(0, random.below(input.length));
  },
  function duplicate(input, random) {
    const [start, end] = block(input, random);
    return put(input, random.below(input.length + 1), 0, input.subarray(start, end));
  },
  function swap(input, random) {
    const [start, end] = block(input, random);
    const rest = put(input, start, end - start, new Uint8Array());
    return put(rest, random.below(rest.length + 1), 0, input.subarray(start, end));
  },
  function splice(input, random, _rules, other) {
    return join(input.subarray(0, random.below(input.length + 1)), other.subarray(random.below(other.length + 1)));
  },
  function borrow(input, random, _rules, other) {
    const [start, end] = block(other, random);
    const at = random.below(input.length + 1);
    return put(input, at, random.once(2) ? end - start : 0, other.subarray(start, end));
  },
  function word(input, random, { dictionary }) {
    if (dictionary.length === 0) return input;
    const part = random.pick(dictionary);
    return put(input, random.below(input.length + 1), random.once(2) ? part.length : 0, part);
  },
  function repeat(input, random, { mostBytes }) {
    const [start, end] = block(input, random);
    const part = input.subarray(start, end);
    const room = random.once(repeatOnceIn) ? mostBytes - input.length : Math.min(64, mostBytes - input.length);
    const times = Math.floor(Math.max(0, room) / Math.max(1, part.length));
    return put(input, start, 0, join(...Array.from({ length: random.below(times + 1) }, () => part)));
  },
];

/** Another input made of this one by a few changes; a longer one than allowed is cut off. */
export function mutate(input: Uint8Array, random: Random, rules: MutationRules, other: Uint8Array): Uint8Array {
  let out = input;
  for (let left = 1 + random.below(random.once(3) ? 8 : 3); left > 0; left--) {
    out = random.pick(mutations)(out.length === 0 ? randomBytes(random, 1) : out, random, rules, other);
  }
  return out.length > rules.mostBytes ? out.slice(0, rules.mostBytes) : out;
}
