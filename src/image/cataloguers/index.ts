import type { Cataloguer } from '../types.ts';
import { apkInstalled } from './apk.ts';
import { bottlerocketInventory } from './bottlerocket.ts';
import { bunLock } from './bun-lock.ts';
import { chiselManifest } from './chisel.ts';
import { composerInstalled, composerLock } from './composer.ts';
import { composerInstalledPhp } from './composer-php.ts';
import { condaMeta } from './conda.ts';
import { dotnetBundle } from './dotnet-bundle.ts';
import { dotnetDeps } from './dotnet-deps.ts';
import { dpkgStatus, dpkgStatusFiles } from './dpkg.ts';
import { gemInstalled } from './gem-installed.ts';
import { gemfileLock } from './gemfile-lock.ts';
import { goBinary } from './go-binary.ts';
import { javaArchive } from './java-archive.ts';
import { npmInstalled } from './npm-installed.ts';
import { npmHiddenLock, npmLock } from './npm-lock.ts';
import { nugetConfig, nugetLock } from './nuget-lock.ts';
import { pipfileLock } from './pipfile-lock.ts';
import { pnpmLock } from './pnpm-lock.ts';
import { pythonEgg } from './python-egg.ts';
import { pythonInstalled } from './python-installed.ts';
import { pythonTomlLock } from './python-toml-lock.ts';
import { requirements } from './requirements.ts';
import { rpmDatabase } from './rpm.ts';
import { rpmManifest } from './rpm-manifest.ts';
import { rustBinary } from './rust-binary.ts';
import { yarnCache } from './yarn-cache.ts';
import { yarnLock } from './yarn-lock.ts';

/** All package sources, in order of their ids. */
export const cataloguers: readonly Cataloguer[] = [
  apkInstalled,
  bottlerocketInventory,
  bunLock,
  chiselManifest,
  composerInstalled,
  composerInstalledPhp,
  composerLock,
  condaMeta,
  dotnetBundle,
  dotnetDeps,
  dpkgStatus,
  dpkgStatusFiles,
  gemInstalled,
  gemfileLock,
  goBinary,
  javaArchive,
  npmHiddenLock,
  npmInstalled,
  npmLock,
  nugetConfig,
  nugetLock,
  pnpmLock,
  pythonEgg,
  pythonInstalled,
  pipfileLock,
  requirements,
  pythonTomlLock,
  rpmDatabase,
  rpmManifest,
  rustBinary,
  yarnCache,
  yarnLock,
];
