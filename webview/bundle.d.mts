import type { BuildOptions } from 'esbuild';

export function webviewBuilds(root: string, folder: string, production: boolean): (BuildOptions & { metafile: true })[];
export const codiconFiles: readonly { readonly name: string; readonly from: string }[];
