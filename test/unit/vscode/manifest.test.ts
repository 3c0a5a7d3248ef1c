import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import {
  commandIds,
  contextKeys,
  internalCommandIds,
  reportViewType,
  settingIds,
  viewIds,
} from '../../../src/vscode/ids.ts';
import { treeIcons } from '../../../src/vscode/trees/item-look.ts';
import { engineSettings } from '../../../src/vscode/settings.ts';

const root = path.resolve(import.meta.dirname, '../../..');

const setting = z.object({
  type: z.string(),
  default: z.unknown(),
  scope: z.enum(['application', 'machine', 'window', 'resource']),
  description: z.string().optional(),
  markdownDescription: z.string().optional(),
  enum: z.array(z.string()).optional(),
  enumDescriptions: z.array(z.string()).optional(),
});
const menuItem = z.object({ command: z.string(), when: z.string().optional(), group: z.string().optional() });
const manifestShape = z.object({
  activationEvents: z.array(z.string()),
  capabilities: z.object({
    untrustedWorkspaces: z.object({ supported: z.string(), restrictedConfigurations: z.array(z.string()) }),
  }),
  contributes: z.object({
    commands: z.array(
      z.object({ command: z.string(), title: z.string(), category: z.string(), icon: z.string().optional() }),
    ),
    menus: z.record(z.string(), z.array(menuItem)),
    views: z.record(z.string(), z.array(z.object({ id: z.string(), name: z.string() }))),
    viewsContainers: z.object({ activitybar: z.array(z.object({ id: z.string(), icon: z.string() })) }),
    viewsWelcome: z.array(z.object({ view: z.string(), contents: z.string(), when: z.string() })),
    configuration: z.array(z.object({ title: z.string(), properties: z.record(z.string(), setting) })),
    colors: z.array(z.object({ id: z.string(), defaults: z.record(z.string(), z.string()) })),
    walkthroughs: z.array(
      z.object({
        id: z.string(),
        steps: z.array(
          z.object({
            id: z.string(),
            description: z.string(),
            media: z.object({
              svg: z.string().optional(),
              markdown: z.string().optional(),
              altText: z.string().optional(),
            }),
          }),
        ),
      }),
    ),
  }),
});
const manifest = manifestShape.parse(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')));
const { contributes } = manifest;

const publicIds: ReadonlySet<string> = new Set(Object.values(commandIds));
const allIds: ReadonlySet<string> = new Set([...publicIds, ...Object.values(internalCommandIds)]);
const settings = Object.assign({}, ...contributes.configuration.map(({ properties }) => properties)) as Record<
  string,
  z.infer<typeof setting>
>;

/** Names of the codicon font, from its style sheet. */
const codicons = new Set(
  [
    ...readFileSync(path.join(root, 'node_modules/@vscode/codicons/dist/codicon.css'), 'utf8').matchAll(
      /\.codicon-([a-z0-9-]+):before/g,
    ),
  ].map(([, name]) => name),
);

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path.join(folder, name), 'utf8'));
}

describe('the manifest', () => {
  it('has every command of the code, and no other', () => {
    assert.deepEqual(contributes.commands.map(({ command }) => command).sort(), [...publicIds].sort());
  });

  it('27.21: gives every command a category and a title', () => {
    for (const { command, title, category } of contributes.commands) {
      assert.equal(category, 'Plimsoll', command);
      assert.match(title, /^[A-Z]/, command);
      assert.ok(title.length <= 45, `${command}: ${title}`);
    }
  });

  it('registers a handler for every command', () => {
    const code = sources(path.join(root, 'src/vscode')).join('\n');
    for (const name of Object.keys(commandIds)) assert.match(code, new RegExp(`id: commandIds\\.${name},`), name);
    for (const name of Object.keys(internalCommandIds)) {
      assert.match(code, new RegExp(`id: internalCommandIds\\.${name},`), name);
    }
  });

  it('27.21: hides from the palette what exists for menus only', () => {
    const hidden = (contributes.menus['commandPalette'] ?? []).filter(({ when }) => when === 'false');
    assert.deepEqual(hidden.map(({ command }) => command.replace('plimsoll.', '')).sort(), [
      'copyCliCommand',
      'copyDigest',
      'copyFindingId',
      'copyImageReference',
      'copyResourceId',
      'copyStepCommand',
      'goToSource',
      'openInPortal',
      'openSample',
      'pauseConnection',
      'resumeConnection',
      'retryNode',
      'scanAsset',
      'typeInTerminal',
    ]);
  });

  it('names only commands that exist in menus, welcome texts and the walkthrough', () => {
    const named = [
      ...Object.values(contributes.menus).flatMap((items) => items.map(({ command }) => command)),
      ...[
        ...contributes.viewsWelcome.map(({ contents }) => contents),
        ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ description }) => description)),
      ].flatMap((text) => [...text.matchAll(/command:([\w.]+)/g)].map(([, id]) => id ?? '')),
    ];
    assert.ok(named.length > 40);
    for (const id of named) assert.ok(allIds.has(id), id);
  });

  it('uses only context keys that the code sets', () => {
    const known: ReadonlySet<string> = new Set(Object.values(contextKeys));
    const texts = [
      ...Object.values(contributes.menus).flatMap((items) => items.map(({ when }) => when ?? '')),
      ...contributes.viewsWelcome.map(({ when }) => when),
    ];
    for (const text of texts) {
      const withoutViews = text.replaceAll(/viewItem =~ \/.*?\/(?= |\)|$)/g, '').replaceAll(/view == [\w.]+/g, '');
      for (const [key] of withoutViews.matchAll(/plimsoll\.\w+/g)) assert.ok(known.has(key), `${key} in ${text}`);
    }
  });

  it('sets every context key that it declares', () => {
    const code = readFileSync(path.join(root, 'src/vscode/surfaces.ts'), 'utf8');
    for (const name of Object.keys(contextKeys))
      assert.match(code, new RegExp(`setKey\\(contextKeys\\.${name},`), name);
  });

  it('has the views of the code, with a container icon that exists', () => {
    assert.deepEqual(
      contributes.views[viewIds.container]?.map(({ id }) => id),
      [viewIds.assets, viewIds.findings],
    );
    const [container] = contributes.viewsContainers.activitybar;
    assert.ok(existsSync(path.join(root, container?.icon ?? 'missing')));
  });

  it('27.21: names only icons of the codicon set', () => {
    assert.ok(codicons.size > 400);
    const leaves = (value: unknown): string[] =>
      typeof value === 'string' ? [value] : Object.values(value as Record<string, unknown>).flatMap(leaves);
    const named = [
      ...contributes.commands.flatMap(({ icon }) => icon ?? []),
      ...leaves(treeIcons),
      ...sources(path.join(root, 'src/vscode')).flatMap((text) =>
        [...text.matchAll(/\$\(([a-z][a-z~-]+)\)|icon: '([a-z-]+)'|ThemeIcon\('([a-z-]+)'/g)].map(
          ([, a, b, c]) => a ?? b ?? c ?? '',
        ),
      ),
    ].map((icon) => icon.replace(/^\$\(|\)$/g, '').replace(/~.*/, ''));
    assert.ok(named.length > 80);
    for (const icon of named) assert.ok(codicons.has(icon), icon);
  });

  it('has every setting of the code, and no other', () => {
    assert.deepEqual(Object.keys(settings).sort(), Object.values(settingIds).sort());
  });

  it('27.21: gives every setting a default, a scope and a description of at most two sentences', () => {
    for (const [id, entry] of Object.entries(settings)) {
      assert.ok('default' in entry && entry.default !== undefined, id);
      const text = entry.description ?? entry.markdownDescription ?? '';
      assert.ok(text.length > 10, id);
      assert.ok((text.match(/[.!?](\s|$)/g) ?? []).length <= 2, `${id}: ${text}`);
      if (entry.enum !== undefined) assert.equal(entry.enumDescriptions?.length, entry.enum.length, id);
    }
  });

  it('does not let a workspace choose the cloud', () => {
    assert.equal(settings[settingIds.cloud]?.scope, 'application');
    assert.equal(settings[settingIds.customCloud]?.scope, 'application');
    assert.equal(settings[settingIds.dataMirror]?.scope, 'machine');
  });

  it('has no setting that could hold a secret', () => {
    for (const id of Object.keys(settings)) assert.doesNotMatch(id, /secret(?!ExpiryWarningDays)|password|token|key$/i);
  });

  it('has the defaults that the code falls back to', () => {
    const fromManifest = engineSettings((id) => settings[id]?.default);
    const fallback = engineSettings(() => undefined);
    assert.deepEqual(fromManifest, fallback);
  });

  it('ignores workspace values of folder settings in restricted mode', () => {
    const restricted = new Set(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations);
    assert.equal(manifest.capabilities.untrustedWorkspaces.supported, 'limited');
    for (const [id, { scope }] of Object.entries(settings)) {
      assert.equal(restricted.has(id), scope === 'window' || scope === 'resource', id);
    }
  });

  it('has a colour for each severity that leaves meaning to the letter in high contrast', () => {
    assert.deepEqual(
      contributes.colors.map(({ id }) => id),
      ['critical', 'high', 'medium', 'low', 'info'].map((level) => `plimsoll.severity.${level}`),
    );
    for (const { defaults } of contributes.colors) {
      assert.equal(defaults['highContrast'], 'foreground');
      assert.equal(defaults['highContrastLight'], 'foreground');
    }
  });

  it('activates after start, for Dockerfiles and for a restored report, and for nothing broader', () => {
    assert.deepEqual(manifest.activationEvents, [
      'onStartupFinished',
      'onLanguage:dockerfile',
      `onWebviewPanel:${reportViewType}`,
    ]);
  });

  it('has media for each step of the walkthrough, with a text for pictures', () => {
    for (const { steps } of contributes.walkthroughs) {
      for (const { id, media } of steps) {
        assert.ok(existsSync(path.join(root, media.svg ?? media.markdown ?? 'missing')), id);
        if (media.svg !== undefined) assert.ok((media.altText ?? '').length > 10, id);
      }
    }
  });
});
