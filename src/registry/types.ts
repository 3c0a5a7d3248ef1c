/** An image reference in parts. `docker.io` is filled in where no host is written. */
export interface ImageReference {
  /** Host with port, lower case. */
  readonly host: string;
  /** Path within the registry, such as `team-a/api`. */
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest?: string;
}

/** OCI image-spec v1.1, "descriptor.md". Sizes in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly urls?: readonly string[];
  readonly artifactType?: string;
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** Supplies credentials for one registry host. A token made here goes to that host alone. */
export interface RegistryCredentials {
  /**
   * The value of `Authorization` for a scope such as `repository:team-a/api:pull`, or undefined for anonymous access.
   * `challenge` is what the registry asked for.
   */
  authorization(request: {
    readonly host: string;
    readonly scope: string;
    readonly challenge: AuthChallenge;
    readonly signal: AbortSignal;
    /** True after the registry refused the last one: a fresh one is needed. */
    readonly renew: boolean;
  }): Promise<string | undefined>;
}

/** `WWW-Authenticate` of a registry, taken apart. RFC 9110, 11.6.1. */
export interface AuthChallenge {
  readonly scheme: 'bearer' | 'basic';
  readonly realm?: string;
  readonly service?: string;
  readonly scope?: string;
}
