import fs from 'node:fs';
import { createRequire } from 'node:module';
import type { Frame, Page } from 'playwright-core';
import { z } from 'zod';

const resultShape = z.object({
  violations: z.array(
    z.object({
      id: z.string(),
      impact: z.string().nullish(),
      help: z.string(),
      nodes: z.array(z.object({ target: z.array(z.unknown()), failureSummary: z.string().optional() })),
    }),
  ),
  passes: z.array(z.object({ id: z.string() })),
});

/** A rule of axe-core that a page breaks, with the elements that break it. */
export interface AxeViolation {
  readonly rule: string;
  readonly impact: string;
  readonly help: string;
  /** CSS path and what is wrong, an element each. */
  readonly elements: readonly string[];
}

export interface AxeOptions {
  /** CSS selector of the part to look at; the whole document when absent. */
  readonly within?: string;
  /** Rules to leave out; say why where it is used. */
  readonly disabledRules?: readonly string[];
}

const source = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * Runs axe-core in a page or frame, against WCAG 2.2 AA and its best practices. Empty: no rule is broken.
 * @throws Error when axe checked nothing, which is no result.
 */
export async function runAxe(frame: Frame | Page, options: AxeOptions = {}): Promise<AxeViolation[]> {
  await frame.evaluate(source);
  const context = options.within === undefined ? 'document' : JSON.stringify(options.within);
  const rules = Object.fromEntries((options.disabledRules ?? []).map((rule) => [rule, { enabled: false }]));
  const settings = { runOnly: { type: 'tag', values: tags }, rules, iframes: false, resultTypes: ['violations'] };
  const found = resultShape.parse(await frame.evaluate(`axe.run(${context}, ${JSON.stringify(settings)})`));
  if (found.passes.length === 0) throw new Error('axe found nothing to check');
  return found.violations.map((violation) => ({
    rule: violation.id,
    impact: violation.impact ?? 'unknown',
    help: violation.help,
    elements: violation.nodes.map((node) => `${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
  }));
}
