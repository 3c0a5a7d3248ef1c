import assert from 'node:assert/strict';
import { BadInputError } from '../../../src/core/errors.ts';
import type { SettingId } from '../../../src/vscode/ids.ts';
import {
  cloudFromSettings,
  dockerfileSettings,
  engineSettings,
  hasCustomCloud,
  limitFilter,
} from '../../../src/vscode/settings.ts';

const reader = (values: Partial<Record<SettingId, unknown>>) => (id: SettingId) => values[id];

describe('settings', () => {
  it('of a wrong type or out of range fall back to their defaults', () => {
    const settings = engineSettings(
      reader({
        'plimsoll.scan.concurrency': 99,
        'plimsoll.scan.timeoutMinutes': '15',
        'plimsoll.scan.images': 'some',
        'plimsoll.scan.platform': '../../etc',
        'plimsoll.offline': 'yes',
      }),
    );
    assert.equal(settings.concurrency, 3);
    assert.equal(settings.timeoutMinutes, 15);
    assert.equal(settings.images, 'runningAndLatest');
    assert.equal(settings.platform, 'linux/amd64');
    assert.equal(settings.offline, false);
  });

  it('reach the engine when they are right', () => {
    const settings = engineSettings(
      reader({
        'plimsoll.scan.concurrency': 8,
        'plimsoll.scan.platform': 'linux/arm64/v8',
        'plimsoll.data.mirror': ' https://mirror.contoso.test ',
        'plimsoll.offline': true,
      }),
    );
    assert.equal(settings.concurrency, 8);
    assert.equal(settings.platform, 'linux/arm64/v8');
    assert.equal(settings.advisoryMirror, 'https://mirror.contoso.test');
    assert.equal(settings.offline, true);
  });

  it('of the custom cloud name the field that is wrong', () => {
    const read = reader({ 'plimsoll.customCloud': { authorityHost: 'http://login.contoso.test' } });
    assert.equal(hasCustomCloud(read), true);
    assert.throws(
      () => cloudFromSettings(read, 'custom'),
      (error: unknown) => error instanceof BadInputError && error.message.includes('authorityHost'),
    );
    assert.equal(cloudFromSettings(reader({}), 'public').armEndpoint, 'https://management.azure.com');
    assert.equal(hasCustomCloud(reader({ 'plimsoll.customCloud': {} })), false);
  });

  it('of Dockerfile rules drop levels that do not exist', () => {
    const { rules } = dockerfileSettings(
      reader({ 'plimsoll.dockerfile.rules': { 'df-a': 'off', 'df-b': 'fatal', 'df-c': 'hint' } }),
    );
    assert.deepEqual(rules, { 'df-a': 'off', 'df-c': 'hint' });
  });

  it('27.11: limit every filter by severity and fix', () => {
    assert.deepEqual(limitFilter({ states: ['open'] }, { minimumSeverity: 'info', hideWithoutFix: false }), {
      states: ['open'],
    });
    assert.deepEqual(limitFilter({ states: ['open'] }, { minimumSeverity: 'high', hideWithoutFix: true }), {
      states: ['open'],
      severities: ['critical', 'high'],
      fixAvailable: true,
    });
    assert.deepEqual(
      limitFilter({ severities: ['high', 'low'] }, { minimumSeverity: 'medium', hideWithoutFix: false }),
      {
        severities: ['high'],
      },
    );
  });
});
