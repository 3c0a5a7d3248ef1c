import type { Cataloguer } from '../types.ts';
import { apkInstalled } from './apk.ts';
import { dpkgStatus, dpkgStatusFiles } from './dpkg.ts';
import { npmInstalled } from './npm-installed.ts';
import { npmLock } from './npm-lock.ts';

/** All package sources, in order of their ids. */
export const cataloguers: readonly Cataloguer[] = [apkInstalled, dpkgStatus, dpkgStatusFiles, npmInstalled, npmLock];
