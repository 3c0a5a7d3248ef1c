// Faults that can be switched on while the lab runs, each for the requests that it names and as often as it says.

/** What a fault does to a request that it meets. */
export type FaultKind =
  /** Answers `status` at once; `text` is the body, else one in the form of the role. `retryAfter` sets the header. */
  | 'status'
  /** An HTML page of a gateway in front, 502 unless `status` says otherwise. */
  | 'html'
  /** Closes the connection without an answer. */
  | 'reset'
  /** Announces the whole body, sends half of it and closes the connection. */
  | 'cut'
  /** Waits `delayMs` before the answer; with `bytesPerSecond` the body trickles. */
  | 'slow'
  /** The answer says that its next page lies on a host of another owner. */
  | 'foreignNextLink'
  /** The page comes empty, with a link to the page that was asked for. */
  | 'emptyPage'
  /** 401 of continuous access evaluation, with claims. */
  | 'claimsChallenge'
  /** 307 to a host of another owner, instead of the answer. */
  | 'redirect'
  /** One byte of the body differs; the headers stay, a digest header too. */
  | 'corrupt'
  /** The token endpoint answers with the AADSTS `code`. */
  | 'aadsts'
  /** A continue token of the Kubernetes API counts as too old: 410. */
  | 'expireContinue';

export interface FaultRule {
  readonly kind: FaultKind;
  /** Name of a role such as `arm` or `registry.good`; `registry` means all registries. Absent means every role. */
  readonly role?: string;
  readonly method?: string;
  /** Regular expression, without regard to case, over path and query as sent. */
  readonly path?: string;
  /** Text that the request body holds. */
  readonly body?: string;
  /** How many requests it meets before it ends; absent means until `reset`. */
  readonly times?: number;
  /** How many matching requests pass unharmed before it begins. */
  readonly skip?: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
  /** Seconds in `Retry-After`. */
  readonly retryAfter?: number;
  readonly delayMs?: number;
  readonly bytesPerSecond?: number;
  /** AADSTS number. */
  readonly code?: number;
}

/** States of the lab that last until `reset`. */
export interface LabSettings {
  /** Life time that Entra gives its tokens, in seconds. */
  readonly tokenLifetimeSeconds: number;
  /** Life time of registry access tokens, in seconds. */
  readonly registryTokenSeconds: number;
  /** Life time of the signed blob addresses, in seconds; below zero they come expired. */
  readonly sasLifetimeSeconds: number;
  /** The secret of the good service principal has expired. */
  readonly secretExpired: boolean;
  /** Subscription ids that are `Disabled`. */
  readonly lockedSubscriptions: readonly string[];
  /** Names of clusters that are stopped. */
  readonly stoppedClusters: readonly string[];
  /** Names of clusters that are private: their address resolves nowhere. */
  readonly privateClusters: readonly string[];
  /** Names of roles that nobody holds any more. */
  readonly revokedRoles: readonly string[];
  /** Quotas of ARM and Resource Graph are kept with 429, not only told in headers. */
  readonly enforceQuotas: boolean;
  /** Seconds that every `Date` header is ahead of the clock. */
  readonly dateSkewSeconds: number;
  /** Entra does not know the audience of registries (private clouds). */
  readonly registryAudienceUnknown: boolean;
}

const defaultSettings: LabSettings = {
  tokenLifetimeSeconds: 3599,
  registryTokenSeconds: 300,
  sasLifetimeSeconds: 600,
  secretExpired: false,
  lockedSubscriptions: [],
  stoppedClusters: [],
  privateClusters: [],
  revokedRoles: [],
  enforceQuotas: false,
  dateSkewSeconds: 0,
  registryAudienceUnknown: false,
};

/** The switches, as tests and other processes see them. */
export interface Faults {
  /** Switches a fault on and returns its id. Throws a TypeError when `path` is no regular expression. */
  add(rule: FaultRule): string;
  remove(id: string): void;
  list(): readonly (FaultRule & { readonly id: string; readonly met: number })[];
  /** Changes some settings; the others stay. */
  configure(settings: Partial<LabSettings>): void;
  readonly settings: LabSettings;
  /** No faults, default settings. */
  reset(): void;
}

export interface FaultRequest {
  readonly role: string;
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

interface ActiveFault {
  readonly id: string;
  readonly rule: FaultRule;
  readonly path: RegExp | undefined;
  seen: number;
  met: number;
}

/** Holds the switches and picks those that a request meets. */
export class FaultBoard implements Faults {
  #active: ActiveFault[] = [];
  #settings: LabSettings = defaultSettings;
  #next = 1;

  get settings(): LabSettings {
    return this.#settings;
  }

  add(rule: FaultRule): string {
    const id = `fault-${this.#next}`;
    this.#next += 1;
    let path: RegExp | undefined;
    try {
      path = rule.path === undefined ? undefined : new RegExp(rule.path, 'i');
    } catch (cause) {
      throw new TypeError(`"${rule.path ?? ''}" is not a regular expression`, { cause });
    }
    this.#active.push({ id, rule, path, seen: 0, met: 0 });
    return id;
  }

  remove(id: string): void {
    this.#active = this.#active.filter((fault) => fault.id !== id);
  }

  list(): readonly (FaultRule & { readonly id: string; readonly met: number })[] {
    return this.#active.map(({ id, rule, met }) => ({ ...rule, id, met }));
  }

  configure(settings: Partial<LabSettings>): void {
    this.#settings = { ...this.#settings, ...settings };
  }

  reset(): void {
    this.#active = [];
    this.#settings = defaultSettings;
  }

  /** The rules that this request meets; each of them has been counted. */
  take(request: FaultRequest): readonly FaultRule[] {
    const taken: FaultRule[] = [];
    for (const fault of this.#active) {
      if (!matches(fault, request)) continue;
      fault.seen += 1;
      if (fault.seen <= (fault.rule.skip ?? 0)) continue;
      if (fault.rule.times !== undefined && fault.met >= fault.rule.times) continue;
      fault.met += 1;
      taken.push(fault.rule);
    }
    return taken;
  }
}

function matches({ rule, path }: ActiveFault, request: FaultRequest): boolean {
  return (
    (rule.role === undefined || request.role === rule.role || request.role.startsWith(`${rule.role}.`)) &&
    (rule.method === undefined || request.method === rule.method) &&
    (path === undefined || path.test(request.target)) &&
    (rule.body === undefined || request.body.includes(rule.body))
  );
}
