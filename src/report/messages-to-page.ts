import * as z from 'zod/mini';
import type { ReportState, ToPage } from './contract.ts';
import { filterFlags, reportCommands } from './contract.ts';
import {
  assetKind,
  count,
  effective,
  filter,
  findingKind,
  findingState,
  id,
  line,
  list,
  optional,
  original,
  page,
  parsed,
  severity,
  sourceTool,
  state,
  text,
} from './message-parts.ts';
import type { ParsedMessage } from './message-parts.ts';
import { stepGroups, stepStates } from './words.ts';

const command = z.enum(reportCommands);

const severityCounts = z.object({ critical: count, high: count, medium: count, low: count, info: count });

const row = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('group'),
    key: id,
    label: line,
    count,
    newCount: count,
    severityCounts,
    expanded: z.boolean(),
  }),
  z.object({
    type: z.literal('finding'),
    id,
    severity: effective,
    original,
    title: line,
    check: line,
    asset: line,
    assetKind,
    sourceTool,
    application: line,
    fix: optional(line),
    firstSeen: line,
    state: findingState,
    kind: findingKind,
    knownExploited: z.boolean(),
    running: z.boolean(),
    internetFacing: z.boolean(),
  }),
]);

const facet = list(z.object({ value: id, label: line, count }), 1000);
const facets = z.object({
  sourceTools: facet,
  severities: facet,
  originalSeverities: facet,
  states: facet,
  kinds: facet,
  assetKinds: facet,
  connections: facet,
  subscriptions: facet,
  applications: facet,
  flags: list(z.object({ value: z.enum(filterFlags), label: line, count }), 20),
});

const findingsPage = z.object({
  queryId: count,
  totalRows: count,
  totalFindings: count,
  allFindings: count,
  deniedCount: count,
  offset: count,
  rows: list(row, 500),
  facets: optional(facets),
  locatedRow: optional(count),
});

const connection = z.object({
  id,
  name: line,
  state: line,
  stateText: line,
  gaps: count,
  verifiedAt: optional(line),
  lastScanAt: optional(line),
  secretExpires: optional(line),
});

const scan = z.object({
  id,
  state: z.enum(['running', 'complete', 'partial', 'cancelled', 'interrupted', 'failed']),
  startedAt: line,
  endedAt: optional(line),
  ranFrom: line,
  done: count,
  total: count,
  target: line,
  problems: list(z.object({ what: line, reason: line, nextStep: line }), 10_000),
});

const dashboard = z.object({
  connections: list(connection, 1000),
  assets: z.object({
    total: count,
    scanned: count,
    byKind: list(z.object({ kind: assetKind, label: line, count }), 50),
    notScanned: list(z.object({ reason: line, count }), 100),
  }),
  open: severityCounts,
  states: z.object({
    open: count,
    new: count,
    excepted: count,
    fixed: count,
    denied: count,
    unreadable: count,
    notAffected: count,
    disabled: count,
  }),
  coverage: z.object({
    evaluated: count,
    applicable: count,
    denied: count,
    unreadable: count,
    disabled: count,
    withoutAdvisories: list(z.object({ what: line, reason: line }), 10_000),
  }),
  lastScan: optional(scan),
  runningScan: optional(scan),
  fixFirst: list(z.object({ title: line, closes: count, severity, filter }), 50),
  byApplication: list(z.object({ application: line, counts: severityCounts }), 1000),
  advisories: z.object({ text: line, stale: z.boolean() }),
  nextScan: optional(line),
});

const verifyStep = z.object({
  id,
  group: z.enum(stepGroups),
  title: line,
  target: optional(z.object({ kind: line, id, name: line })),
  state: z.enum(stepStates),
  required: z.boolean(),
  neededFor: list(line, 100),
  reason: optional(line),
  nextStep: optional(line),
  command: optional(z.object({ label: line, text })),
  link: optional(z.object({ label: line, uri: id })),
  detail: optional(z.object({ code: optional(line), traceId: optional(line), httpStatus: optional(count) })),
  durationMs: optional(z.number()),
});

const verifyResult = z.object({
  connectionId: id,
  startedAt: line,
  ranFrom: line,
  verdict: z.enum(['active', 'gaps', 'failed']),
  steps: list(verifyStep, 5000),
});

const connectivity = z.object({
  connections: list(z.object({ connection, running: z.boolean(), result: optional(verifyResult) }), 1000),
});

const assetRef = z.object({ id, kind: assetKind, name: line, path: list(line, 50) });

const explanation = z.object({
  original: z.object({ level: original, source: line, other: optional(line) }),
  factors: list(
    z.object({
      id,
      label: line,
      points: z.number(),
      text: line,
      stale: optional(z.literal(true)),
      evidenceId: optional(id),
    }),
    200,
  ),
  unknown: list(z.object({ id, label: line, why: line, counterfactual: line }), 200),
  up: z.nullable(z.number()),
  down: z.nullable(z.number()),
  pressure: z.nullable(z.number()),
  rules: list(id, 50),
  window: z.nullable(line),
  effective,
  verdict: optional(z.enum(['not_affected', 'not_present', 'not_applicable'])),
  placement: z.nullable(line),
  headline: line,
});

const finding = z.object({
  id,
  kind: findingKind,
  sourceTool,
  check: line,
  title: line,
  summary: text,
  asset: assetRef,
  connectionId: optional(id),
  subscriptionId: optional(id),
  application: line,
  explanation,
  result: z.enum(['open', 'denied', 'unreadable', 'notAffected', 'excepted', 'disabled']),
  package: optional(
    z.object({
      type: line,
      name: line,
      version: line,
      purl: optional(line),
      path: optional(line),
      layer: optional(line),
      createdBy: optional(text),
      fixed: optional(line),
    }),
  ),
  aliases: list(line, 1000),
  knownExploited: z.boolean(),
  epss: optional(z.number()),
  running: z.boolean(),
  internetFacing: z.boolean(),
  evidence: list(
    z.object({
      label: line,
      value: text,
      expected: optional(text),
      ref: optional(line),
      field: optional(line),
      at: optional(line),
    }),
    1000,
  ),
  remediation: list(
    z.object({
      kind: z.enum(['dockerfile', 'azureCli', 'portal', 'bicep', 'text']),
      text,
      caution: optional(text),
    }),
    50,
  ),
  references: list(line, 500),
  source: optional(
    z.object({
      uri: line,
      line: count,
      endLine: count,
      confidence: z.enum(['exact', 'likely', 'possible']),
      excerpt: optional(list(line, 50)),
    }),
  ),
  affected: list(assetRef, 10_000),
  state: findingState,
  firstSeen: line,
  lastSeen: line,
  fixedAt: optional(line),
  reopenedAt: optional(line),
  history: list(
    z.object({
      at: line,
      what: z.enum(['seen', 'fixed', 'reopened', 'severity', 'state']),
      text: line,
      scanId: optional(line),
    }),
    1000,
  ),
});

const detail = z.object({
  finding,
  portalUrl: optional(line),
  sameCause: optional(
    list(
      z.object({
        id,
        asset: line,
        assetKind,
        severity: effective,
        state: findingState,
        running: z.boolean(),
        internetFacing: z.boolean(),
      }),
      1000,
    ),
  ),
  sameCauseTotal: optional(count),
});

const toPage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('strings'),
    language: line,
    strings: z.record(z.string(), line),
    commands: optional(list(command, 100)),
  }),
  z.object({
    type: z.literal('show'),
    page: optional(page),
    filter: optional(filter),
    select: optional(id),
    connection: optional(id),
    step: optional(id),
    focus: z.boolean(),
  }),
  z.object({ type: z.literal('restore'), state }),
  z.object({ type: z.literal('dashboard'), model: dashboard }),
  z.object({ type: z.literal('connectivity'), model: connectivity }),
  z.object({ type: z.literal('findings'), page: findingsPage }),
  z.object({ type: z.literal('detail'), detail: z.nullable(detail), id }),
  z.object({ type: z.literal('changed') }),
]);

/** Reads what the host sent. */
export function parseToPage(value: unknown): ParsedMessage<ToPage> {
  return parsed(toPage.safeParse(value));
}

/** The page's state as it was stored; undefined when it does not have the shape of this version. */
export function parseReportState(value: unknown): ReportState | undefined {
  return state.safeParse(value).data;
}
