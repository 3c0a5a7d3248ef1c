/** Smallest Node with what the engine needs: node:sqlite without a flag, and zstd in zlib. */
const needed = [22, 15] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `plimsoll: Node ${process.versions.node} is too old; install Node ${needed[0]}.${needed[1]} or newer.\n`,
  );
  process.exitCode = 2;
} else {
  void import('./cli/main.ts').then(async ({ main }) => {
    process.exitCode = await main(process.argv.slice(2));
  });
}
