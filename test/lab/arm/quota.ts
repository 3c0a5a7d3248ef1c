// Token buckets, as Resource Manager keeps them since 2024, and the sliding window of Resource Graph.

interface Bucket {
  tokens: number;
  at: number;
}

export class TokenBuckets {
  readonly #capacity: number;
  readonly #refillPerSecond: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(capacity: number, refillPerSecond: number) {
    this.#capacity = capacity;
    this.#refillPerSecond = refillPerSecond;
  }

  /** Takes one; `remaining` is below zero when there was none, and then nothing was taken. */
  take(key: string): { readonly remaining: number; readonly retryAfterSeconds: number } {
    const now = Date.now();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#capacity, at: now };
    const tokens = Math.min(this.#capacity, bucket.tokens + ((now - bucket.at) / 1000) * this.#refillPerSecond);
    const left = tokens < 1 ? tokens : tokens - 1;
    this.#buckets.set(key, { tokens: left, at: now });
    if (tokens < 1) return { remaining: -1, retryAfterSeconds: Math.ceil((1 - tokens) / this.#refillPerSecond) };
    return { remaining: Math.floor(left), retryAfterSeconds: 0 };
  }
}

export class QueryWindow {
  readonly #limit: number;
  readonly #milliseconds: number;
  readonly #windows = new Map<string, { start: number; count: number }>();

  constructor(limit: number, seconds: number) {
    this.#limit = limit;
    this.#milliseconds = seconds * 1000;
  }

  take(key: string): { readonly remaining: number; readonly resetsAfterSeconds: number } {
    const now = Date.now();
    let window = this.#windows.get(key);
    if (window === undefined || now - window.start >= this.#milliseconds) {
      window = { start: now, count: 0 };
      this.#windows.set(key, window);
    }
    const resetsAfterSeconds = Math.max(1, Math.ceil((window.start + this.#milliseconds - now) / 1000));
    if (window.count >= this.#limit) return { remaining: -1, resetsAfterSeconds };
    window.count += 1;
    return { remaining: this.#limit - window.count, resetsAfterSeconds };
  }
}
