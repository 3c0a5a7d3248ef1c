// The extension host must stay answerable while a scan runs: delay of the event loop during whole first scans of the lab,
// which runs in another process. Two floors: the same process idle, and an idle process beside the scan, which shows
// what the machine takes from everybody.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startLabProcess, type LabProcess } from '../support/lab-process.ts';
import { startChild } from './child.ts';
import type { EngineCalls, ScanOutput } from './engine-child.ts';
import type { IdleCalls } from './idle-child.ts';
import type { LoopDelay } from './loop-monitor.ts';
import { median, rounded, type BenchRow } from './row.ts';

/** A stretch of our own shows in every scan, one of somebody else's work in some: the best of the worst counts. */
const scans = 3;
const idleMs = 2000;

interface Measured {
  readonly open: LoopDelay;
  readonly idle: LoopDelay;
  readonly scan: ScanOutput;
  readonly beside: LoopDelay;
}

export async function run(): Promise<BenchRow[]> {
  const lab = await startLabProcess();
  try {
    const all: Measured[] = [];
    for (let i = 0; i < scans; i++) all.push(await measure(lab));
    const least = (pick: (one: Measured) => number): number => rounded(Math.min(...all.map(pick)));
    const middle = (pick: (one: Measured) => number): number => rounded(median(all.map(pick)));
    return [
      {
        name: 'event-loop delay during a scan, p99',
        figure: middle(({ scan }) => scan.delay.p99),
        unit: 'ms',
        floor: middle(({ beside }) => beside.p99),
        budget: 20,
      },
      {
        name: 'event-loop delay during a scan, maximum',
        figure: least(({ scan }) => scan.delay.max),
        unit: 'ms',
        floor: least(({ beside }) => beside.max),
        budget: 50,
      },
      {
        name: 'longest stretch of processor time during a scan',
        figure: middle(({ scan }) => scan.delay.busiest),
        unit: 'ms',
        floor: middle(({ idle }) => idle.busiest),
        budget: 50,
      },
      {
        name: 'longest stretch of processor time while the engine loads',
        figure: middle(({ open }) => open.busiest),
        unit: 'ms',
        floor: middle(({ idle }) => idle.busiest),
        budget: 50,
      },
    ];
  } finally {
    await lab.stop();
  }
}

async function measure(lab: LabProcess): Promise<Measured> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-bench-'));
  const profile = process.env['PLIMSOLL_BENCH_PROFILE'];
  const engine = startChild<EngineCalls>('engine-child.ts', {
    env: { NODE_EXTRA_CA_CERTS: lab.caFile },
    execArgv: profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-interval', '500', '--cpu-prof-dir', profile],
  });
  const beside = startChild<IdleCalls>('idle-child.ts');
  try {
    const open = await engine.call('open', { lab, dataDir, images: 'all' });
    const idle = await engine.call('idle', idleMs);
    await beside.call('begin', null);
    const scan = await engine.call('scan', null);
    const others = await beside.call('end', null);
    await engine.call('close', null);
    if (scan.findings === 0 || scan.done < 10) throw new Error(`The scan did too little: ${JSON.stringify(scan)}`);
    report(scan, others);
    return { open, idle, scan, beside: others };
  } finally {
    await engine.stop();
    await beside.stop();
    fs.rmSync(dataDir, { recursive: true, force: true });
  }
}

function report({ ms, findings, delay }: ScanOutput, beside: LoopDelay): void {
  const of = ({ p99, max }: LoopDelay): string => `p99 ${p99.toFixed(1)} ms, maximum ${max.toFixed(1)} ms`;
  const stretches = delay.stretches
    .slice(0, 6)
    .map(({ at, wallMs, cpuMs }) => `${wallMs.toFixed(0)} ms (${cpuMs.toFixed(0)} of processor) at ${at.toFixed(1)} s`);
  console.error(`scan of ${(ms / 1000).toFixed(1)} s, ${findings} findings: ${of(delay)}; beside it ${of(beside)}`);
  console.error(`  longest: ${stretches.join(', ')}`);
}
