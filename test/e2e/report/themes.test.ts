import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { z } from 'zod';
import { launchBrowser } from '../../support/vscode-host/browser.ts';
import { openReport, startSite } from './host.ts';
import type { Site } from './host.ts';
import { states } from './states.ts';
import type { ThemeName } from './themes.ts';
import { themes } from './themes.ts';

const pictures = path.resolve(import.meta.dirname, '../../../artifacts/screenshots/report');

const violations = z.array(
  z.object({
    id: z.string(),
    impact: z.string().nullable(),
    nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
  }),
);

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const check = `axe.run(document, ${JSON.stringify({ resultTypes: ['violations'], runOnly: rules })}).then(({ violations }) => violations)`;

describe('report page: every state in every theme', () => {
  let browser: Browser;
  let site: Site;

  before(async function () {
    this.timeout(60_000);
    browser = await launchBrowser(() => undefined);
    site = await startSite();
  });

  after(async () => {
    await site[Symbol.asyncDispose]();
    await browser.close();
  });

  for (const state of states) {
    it(`${state.name} is accessible, obeys the policy and is kept as a picture`, async function () {
      this.timeout(120_000);
      await using report = await openReport(browser, site, state.options);
      const { page, troubles } = report;
      // A question that is never answered is noticed after ten seconds.
      await page.locator(state.ready).filter({ visible: true }).first().waitFor({ timeout: 30_000 });
      await state.act?.(page);
      await page.evaluate(axe.source);
      const told: string[] = [];
      for (const theme of Object.keys(themes) as ThemeName[]) {
        await report.dress(theme);
        const folder = path.join(pictures, theme);
        fs.mkdirSync(folder, { recursive: true });
        await page.screenshot({ path: path.join(folder, `${state.name}.png`) });
        const found = violations.parse(await page.evaluate(check));
        for (const { id, impact, nodes } of found) {
          for (const { html, failureSummary } of nodes) {
            told.push(`${theme}: ${id} (${impact ?? '?'}): ${html}\n${failureSummary ?? ''}`);
          }
        }
      }
      assert.deepEqual(told, []);
      assert.deepEqual(troubles, []);
    });
  }
});
