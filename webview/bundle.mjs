// How the report page is bundled: used by the build and by the tests that drive the page in a browser.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** Templates and style sheets inside the form controls are indented text, which no minifier touches. */
const dedentControls = {
  name: 'dedent-controls',
  setup(context) {
    const files = /[\\/](@microsoft[\\/]fast-[a-z-]+|webview-ui-toolkit)[\\/].*\.(template|styles)\.js$/;
    context.onLoad({ filter: files }, async ({ path: file }) => ({
      contents: (await readFile(file, 'utf8')).replace(/\r?\n[ \t]+/g, '\n'),
      loader: 'js',
    }));
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
      plugins: [dedentControls],
    },
    { ...common, entryPoints: ['webview/report.css'], outfile: path.join(folder, 'report.css') },
  ];
}

/** Files of the icon font that the page loads beside its own. */
export const codiconFiles = ['codicon.css', 'codicon.ttf'].map((name) => ({
  name,
  from: path.join('node_modules/@vscode/codicons/dist', name),
}));
