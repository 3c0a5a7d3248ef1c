// Stands in for the compiled watchdog of the VS Code server: ends an extension host whose parent is gone.
'use strict';

exports.start = (parent) => {
  setInterval(() => {
    try {
      process.kill(parent, 0);
    } catch {
      process.exit(87);
    }
  }, 1000).unref();
};
exports.exit = (code) => process.exit(code || 0);
