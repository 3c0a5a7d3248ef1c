import assert from 'node:assert/strict';
import { reportHtml } from '../../../src/report/html.ts';

const options = {
  cspSource: 'https://*.vscode-cdn.net',
  nonce: 'abc123',
  scriptUri: 'https://file+.vscode-resource.vscode-cdn.net/dist/webview/report.js',
  styleUri: 'https://file+.vscode-resource.vscode-cdn.net/dist/webview/report.css',
  codiconUri: 'https://file+.vscode-resource.vscode-cdn.net/dist/webview/codicon.css',
  language: 'en',
};

describe('the HTML of the report', () => {
  const html = reportHtml(options);

  it('allows nothing but its own files and what carries the nonce', () => {
    assert.equal(
      /content="(default-src[^"]*)"/.exec(html)?.[1],
      "default-src 'none'; img-src https://*.vscode-cdn.net; font-src https://*.vscode-cdn.net; " +
        "style-src https://*.vscode-cdn.net 'nonce-abc123'; script-src 'nonce-abc123'; base-uri 'none'; form-action 'none'",
    );
    assert.match(html, /<meta property="csp-nonce" content="abc123">/);
  });

  it('has no inline script, style or handler', () => {
    assert.doesNotMatch(html, /\sstyle=|\son\w+=|<style/i);
    assert.deepEqual(html.match(/<script[^>]*>[^<]*/g), [`<script nonce="abc123" src="${options.scriptUri}">`]);
  });

  it('keeps what it is given inside its attribute', () => {
    const hostile = reportHtml({ ...options, scriptUri: '"><script>alert(1)</script>' });
    assert.doesNotMatch(hostile, /<script>alert/);
  });

  it('says its language and direction', () => {
    assert.match(html, /<html lang="en" dir="ltr">/);
    assert.match(reportHtml({ ...options, language: 'ar-EG' }), /<html lang="ar-EG" dir="rtl">/);
  });
});
