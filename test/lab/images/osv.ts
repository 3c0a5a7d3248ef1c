// The short form in which `advisories/` keeps its facts, written out as records of the Open Source Vulnerability format 1.7.
import { z } from 'zod';

const Vectors = z.array(z.string());

export const DebianFacts = z.strictObject({
  records: z.array(
    z.strictObject({
      cve: z.string(),
      published: z.string(),
      modified: z.string(),
      summary: z.string(),
      severity: Vectors,
      affected: z.array(
        z.strictObject({ release: z.string(), package: z.string(), fixed: z.string().optional(), urgency: z.string() }),
      ),
      /** Enumerated versions of release 12, where the record has them. */
      versions: z.array(z.string()).optional(),
    }),
  ),
  bundles: z.array(
    z.strictObject({
      id: z.string(),
      published: z.string(),
      modified: z.string(),
      summary: z.string(),
      cves: z.array(z.string()),
      affected: z.array(z.strictObject({ release: z.string(), package: z.string(), fixed: z.string() })),
    }),
  ),
});

export const AlpineFacts = z.strictObject({
  records: z.array(
    z.strictObject({
      cve: z.string(),
      package: z.string(),
      introduced: z.string().optional(),
      fixed: z.string(),
      published: z.string(),
      summary: z.string(),
      severity: Vectors,
    }),
  ),
});

const NpmRange = z.tuple([z.string(), z.union([z.string(), z.strictObject({ lastAffected: z.string() }), z.null()])]);

export const NpmFacts = z.strictObject({
  records: z.array(
    z.strictObject({
      id: z.string(),
      aliases: z.array(z.string()),
      published: z.string(),
      modified: z.string(),
      withdrawn: z.string().optional(),
      summary: z.string(),
      severity: Vectors,
      word: z.string().optional(),
      affected: z.array(
        z.strictObject({
          name: z.string(),
          ranges: z.array(NpmRange),
          git: z.strictObject({ repo: z.string(), fixed: z.string() }).optional(),
        }),
      ),
    }),
  ),
});

export interface OsvRecord {
  readonly id: string;
  modified: string;
  readonly [member: string]: unknown;
}

const SCHEMA = '1.7.0';

function severityOf(vectors: readonly string[]): { type: string; score: string }[] {
  return vectors.map((score) => ({
    type: score.startsWith('CVSS:4') ? 'CVSS_V4' : score.startsWith('CVSS:3') ? 'CVSS_V3' : 'CVSS_V2',
    score,
  }));
}

function rangeOf(introduced: string, end: { fixed?: string | undefined; last_affected?: string }): unknown {
  const { fixed, last_affected: last } = end;
  const closing = fixed !== undefined ? [{ fixed }] : last !== undefined ? [{ last_affected: last }] : [];
  return { type: 'ECOSYSTEM', events: [{ introduced }, ...closing] };
}

export function debianRecords(facts: z.infer<typeof DebianFacts>): OsvRecord[] {
  const packageOf = (release: string, name: string): unknown => ({
    ecosystem: `Debian:${release}`,
    name,
    purl: `pkg:deb/debian/${name}?arch=source`,
  });
  const records = facts.records.map(({ cve, published, modified, summary, severity, affected, versions }) => ({
    schema_version: SCHEMA,
    id: `DEBIAN-${cve}`,
    published,
    modified,
    upstream: [cve],
    details: summary,
    severity: severityOf(severity),
    affected: affected.map(({ release, package: name, fixed, urgency }) => ({
      package: packageOf(release, name),
      ranges: [rangeOf('0', { fixed })],
      versions: release === '12' ? (versions ?? []) : [],
      ecosystem_specific: { urgency },
    })),
    references: [{ type: 'ADVISORY', url: `https://security-tracker.debian.org/tracker/${cve}` }],
  }));
  const bundles = facts.bundles.map(({ id, published, modified, summary, cves, affected }) => ({
    schema_version: SCHEMA,
    id,
    published,
    modified,
    upstream: cves,
    summary,
    affected: affected.map(({ release, package: name, fixed }) => ({
      package: packageOf(release, name),
      ranges: [rangeOf('0', { fixed })],
      versions: [],
    })),
    references: [
      { type: 'ADVISORY', url: `https://www.debian.org/security/${published.slice(0, 4)}/${id.toLowerCase()}` },
    ],
  }));
  return [...records, ...bundles];
}

export function alpineRecords(facts: z.infer<typeof AlpineFacts>): OsvRecord[] {
  return facts.records.map(({ cve, package: name, introduced, fixed, published, summary, severity }) => ({
    schema_version: SCHEMA,
    id: `ALPINE-${cve}`,
    published,
    modified: published,
    upstream: [cve],
    details: summary,
    severity: severityOf(severity),
    affected: [
      {
        package: { ecosystem: 'Alpine:v3.20', name, purl: `pkg:apk/alpine/${name}?arch=source` },
        ranges: [rangeOf(introduced ?? '0', { fixed })],
        versions: [],
      },
    ],
    references: [{ type: 'ADVISORY', url: `https://security.alpinelinux.org/vuln/${cve}` }],
  }));
}

export function npmRecords(facts: z.infer<typeof NpmFacts>): OsvRecord[] {
  return facts.records.map(({ id, aliases, published, modified, withdrawn, summary, severity, word, affected }) => ({
    schema_version: SCHEMA,
    id,
    published,
    modified,
    ...(withdrawn === undefined ? {} : { withdrawn }),
    aliases,
    summary,
    details: `${summary}.`,
    severity: severityOf(severity),
    affected: affected.map(({ name, ranges, git }) => ({
      package: { ecosystem: 'npm', name, purl: `pkg:npm/${name.replace('@', '%40')}` },
      ranges: [
        ...(git === undefined
          ? []
          : [{ type: 'GIT', repo: git.repo, events: [{ introduced: '0' }, { fixed: git.fixed }] }]),
        ...ranges.map(([introduced, end]) => npmRange(introduced, end)),
      ],
    })),
    references: [
      id.startsWith('GHSA-')
        ? { type: 'ADVISORY', url: `https://github.com/advisories/${id}` }
        : { type: 'WEB', url: `https://osv.dev/vulnerability/${id}` },
    ],
    database_specific: word === undefined ? {} : { severity: word, github_reviewed: true },
  }));
}

function npmRange(introduced: string, end: z.infer<typeof NpmRange>[1]): unknown {
  const closing =
    end === null ? [] : typeof end === 'string' ? [{ fixed: end }] : [{ last_affected: end.lastAffected }];
  return { type: 'SEMVER', events: [{ introduced }, ...closing] };
}
