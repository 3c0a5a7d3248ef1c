// How the report page is bundled: used by the build and by the tests that drive the page in a browser.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** What no minifier does for the form controls. */
const tightenControls = {
  name: 'tighten-controls',
  setup(context) {
    const load = (filter, change) =>
      context.onLoad({ filter }, async ({ path: file }) => ({
        contents: change(await readFile(file, 'utf8')),
        loader: 'js',
      }));
    // Templates and style sheets are indented text.
    load(/[\\/](@microsoft[\\/]fast-[a-z-]+|webview-ui-toolkit)[\\/].*\.(template|styles)\.js$/, (source) =>
      source
        .replace(/\r?\n[ \t]+/g, '\n')
        .replace(/;\n(?=[a-z-]+:)/g, ';')
        .replace(/ \{\n/g, '{'),
    );
    // A deprecated enumeration that nothing uses; filled by a call, so it looks as if it were needed.
    load(/[\\/]fast-web-utilities[\\/]dist[\\/]key-codes\.js$/, (source) =>
      source.replace('(function (KeyCodes)', '/* @__PURE__ */ (function (KeyCodes)'),
    );
  },
};

/**
 * Options of esbuild for the page's script and style sheet.
 * @param {string} root the repository
 * @param {string} folder where they go, absolute or relative to the root
 * @param {boolean} production minified, without source maps
 */
export function webviewBuilds(root, folder, production) {
  const common = {
    absWorkingDir: root,
    bundle: true,
    minify: production,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  };
  return [
    {
      ...common,
      entryPoints: ['webview/main.ts'],
      outfile: path.join(folder, 'report.js'),
      platform: 'browser',
      format: 'iife',
      target: 'es2022',
      sourcemap: production ? false : 'linked',
      plugins: [tightenControls],
      // The form controls bring two versions of the same helpers.
      alias: { tslib: path.join(root, 'node_modules/tslib/tslib.es6.mjs') },
    },
    { ...common, entryPoints: ['webview/report.css'], outfile: path.join(folder, 'report.css') },
  ];
}

/** Files of the icon font that the page loads beside its own. */
export const codiconFiles = ['codicon.css', 'codicon.ttf'].map((name) => ({
  name,
  from: path.join('node_modules/@vscode/codicons/dist', name),
}));
