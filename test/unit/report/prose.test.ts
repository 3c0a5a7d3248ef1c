import assert from 'node:assert/strict';
import fc from 'fast-check';
import { httpsUrl, parseProse } from '../../../src/report/prose.ts';

describe('advisory text', () => {
  it('becomes paragraphs, lists and code', () => {
    assert.deepEqual(parseProse('# Impact\nOne line\nand another.\n\n- a\n* b\n1. c\n\n```\nx < 1\n```'), [
      { type: 'paragraph', parts: [{ type: 'text', text: 'Impact' }] },
      { type: 'paragraph', parts: [{ type: 'text', text: 'One line and another.' }] },
      {
        type: 'list',
        items: [[{ type: 'text', text: 'a' }], [{ type: 'text', text: 'b' }], [{ type: 'text', text: 'c' }]],
      },
      { type: 'code', parts: [{ type: 'text', text: 'x < 1' }] },
    ]);
  });

  it('keeps code and https links inside a line', () => {
    assert.deepEqual(parseProse('Use `rm -rf` or [read](https://example.org/a "title").'), [
      {
        type: 'paragraph',
        parts: [
          { type: 'text', text: 'Use ' },
          { type: 'code', text: 'rm -rf' },
          { type: 'text', text: ' or ' },
          { type: 'link', text: 'read', url: 'https://example.org/a' },
          { type: 'text', text: '.' },
        ],
      },
    ]);
  });

  it('links a bare address without the marks of the sentence', () => {
    assert.deepEqual(parseProse('See https://example.org/a.'), [
      {
        type: 'paragraph',
        parts: [
          { type: 'text', text: 'See ' },
          { type: 'link', text: 'https://example.org/a', url: 'https://example.org/a' },
          { type: 'text', text: '.' },
        ],
      },
    ]);
  });

  it('drops the address of a link that is not https', () => {
    for (const target of ['javascript:alert', 'http://example.org', 'command:x', 'https://user:pw@example.org/']) {
      assert.deepEqual(parseProse(`[click](${target})`), [
        { type: 'paragraph', parts: [{ type: 'text', text: 'click' }] },
      ]);
    }
  });

  it('leaves what it cannot read as text', () => {
    assert.deepEqual(parseProse('[x](javascript:alert(1))'), [
      { type: 'paragraph', parts: [{ type: 'text', text: '[x](javascript:alert(1))' }] },
    ]);
  });

  it('leaves HTML as text', () => {
    assert.deepEqual(parseProse('<img src=x onerror=alert(1)>'), [
      { type: 'paragraph', parts: [{ type: 'text', text: '<img src=x onerror=alert(1)>' }] },
    ]);
  });

  it('ends a code block that is never closed', () => {
    assert.deepEqual(parseProse('```\na'), [{ type: 'code', parts: [{ type: 'text', text: 'a' }] }]);
  });

  it('is bounded in length and blocks', () => {
    assert.ok(parseProse('a\n\n'.repeat(100_000)).length <= 201);
    const [block] = parseProse('x'.repeat(100_000));
    assert.equal(block?.type === 'paragraph' ? block.parts[0]?.text.length : 0, 20_000);
  });

  it('takes hostile text in little time', () => {
    for (const text of [
      '['.repeat(20_000),
      '`'.repeat(20_000),
      '**'.repeat(10_000),
      '[a]('.repeat(5_000),
      'https://'.repeat(2_500),
    ]) {
      const start = performance.now();
      parseProse(text);
      assert.ok(performance.now() - start < 500, text.slice(0, 4));
    }
  });

  it('never throws and links nothing but https', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('[', ']', '(', ')', '`', '*', '\n', '-', 'https://a.b', 'javascript:', ' x'),
        }),
        (text) => {
          for (const block of parseProse(text)) {
            for (const part of block.type === 'list' ? block.items.flat() : block.parts) {
              if (part.type === 'link') assert.equal(httpsUrl(part.url), part.url);
            }
          }
        },
      ),
    );
  });
});
