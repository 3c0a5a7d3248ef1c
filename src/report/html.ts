/** What the host knows and the page's HTML needs. */
export interface ReportHtmlOptions {
  /** Origin of the page's own files, as the editor names it for content security policies. */
  readonly cspSource: string;
  /** Fresh for every page: letters and digits alone. */
  readonly nonce: string;
  readonly scriptUri: string;
  readonly styleUri: string;
  readonly codiconUri: string;
  /** Language of the editor, such as `en` or `de`. */
  readonly language: string;
}

/** Languages written from right to left. */
const rightToLeft: ReadonlySet<string> = new Set(['ar', 'fa', 'he', 'ur']);

/**
 * The HTML of the report page: no text, no inline style, no inline script. Everything else comes from the script.
 * The nonce stands in `style-src` and in the `csp-nonce` meta element because form controls add their style sheets with it.
 */
export function reportHtml(options: ReportHtmlOptions): string {
  const nonce = attribute(options.nonce);
  const source = attribute(options.cspSource);
  const language = attribute(options.language);
  const direction = rightToLeft.has(options.language.split('-', 1)[0] ?? '') ? 'rtl' : 'ltr';
  const policy = [
    "default-src 'none'",
    `img-src ${source}`,
    `font-src ${source}`,
    `style-src ${source} 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${language}" dir="${direction}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta property="csp-nonce" content="${nonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Plimsoll</title>
<link rel="stylesheet" href="${attribute(options.codiconUri)}">
<link rel="stylesheet" href="${attribute(options.styleUri)}">
</head>
<body>
<div id="report"></div>
<script nonce="${nonce}" src="${attribute(options.scriptUri)}"></script>
</body>
</html>
`;
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
