/** Names that the manifest and the code share; a test compares both. */

export const commandIds = {
  connect: 'plimsoll.connect',
  verifyConnectivity: 'plimsoll.verifyConnectivity',
  verifyAllConnections: 'plimsoll.verifyAllConnections',
  showConnectivity: 'plimsoll.showConnectivity',
  copyStepCommand: 'plimsoll.copyStepCommand',
  copyRoleCommands: 'plimsoll.copyRoleCommands',
  showConnectionInstructions: 'plimsoll.showConnectionInstructions',
  editConnection: 'plimsoll.editConnection',
  updateSecret: 'plimsoll.updateSecret',
  setSecretExpiry: 'plimsoll.setSecretExpiry',
  pauseConnection: 'plimsoll.pauseConnection',
  resumeConnection: 'plimsoll.resumeConnection',
  removeConnection: 'plimsoll.removeConnection',
  scanAll: 'plimsoll.scanAll',
  scanAsset: 'plimsoll.scanAsset',
  scanDockerfile: 'plimsoll.scanDockerfile',
  cancelScan: 'plimsoll.cancelScan',
  showScanHistory: 'plimsoll.showScanHistory',
  refreshAssets: 'plimsoll.refreshAssets',
  retryNode: 'plimsoll.retryNode',
  openReport: 'plimsoll.openReport',
  openDashboard: 'plimsoll.openDashboard',
  showFinding: 'plimsoll.showFinding',
  goToSource: 'plimsoll.goToSource',
  filterFindings: 'plimsoll.filterFindings',
  clearFindingsFilter: 'plimsoll.clearFindingsFilter',
  groupFindings: 'plimsoll.groupFindings',
  exportFindings: 'plimsoll.exportFindings',
  exportSbom: 'plimsoll.exportSbom',
  updateVulnerabilityData: 'plimsoll.updateVulnerabilityData',
  openInPortal: 'plimsoll.openInPortal',
  typeInTerminal: 'plimsoll.typeInTerminal',
  copyImageReference: 'plimsoll.copyImageReference',
  copyDigest: 'plimsoll.copyDigest',
  copyResourceId: 'plimsoll.copyResourceId',
  copyFindingId: 'plimsoll.copyFindingId',
  showStatusMenu: 'plimsoll.showStatusMenu',
  openSettings: 'plimsoll.openSettings',
  openWalkthrough: 'plimsoll.openWalkthrough',
  showLog: 'plimsoll.showLog',
  collectDiagnostics: 'plimsoll.collectDiagnostics',
  reportIssue: 'plimsoll.reportIssue',
  copyCliCommand: 'plimsoll.copyCliCommand',
  openSample: 'plimsoll.openSample',
} as const;
export type CommandId = (typeof commandIds)[keyof typeof commandIds];

/** Commands that tree items, code actions and links run; not in the manifest, so no menu or palette shows them. */
export const internalCommandIds = {
  loadMore: '_plimsoll.loadMore',
  openAsset: '_plimsoll.openAsset',
  showDenied: '_plimsoll.showDenied',
  ignoreHere: '_plimsoll.ignoreHere',
  turnOffRule: '_plimsoll.turnOffRule',
  openLinkedRepository: '_plimsoll.openLinkedRepository',
} as const;
export type InternalCommandId = (typeof internalCommandIds)[keyof typeof internalCommandIds];

export const viewIds = { container: 'plimsoll', assets: 'plimsoll.assets', findings: 'plimsoll.findings' } as const;

export const reportViewType = 'plimsoll.report';

export const walkthroughId = 'plimsoll.getStarted';

/** Ids that other places of the editor show: status bar, language status, diagnostics. */
export const statusItemId = 'plimsoll.status';
export const dockerfileStatusId = 'plimsoll.dockerfile';
export const diagnosticSource = 'Plimsoll';

export const contextKeys = {
  hasConnections: 'plimsoll.hasConnections',
  hasResults: 'plimsoll.hasResults',
  hasDenied: 'plimsoll.hasDenied',
  scanRunning: 'plimsoll.scanRunning',
  filterActive: 'plimsoll.filterActive',
  visibleFindings: 'plimsoll.visibleFindings',
  offline: 'plimsoll.offline',
  connectionCount: 'plimsoll.connectionCount',
} as const;
export type ContextKey = (typeof contextKeys)[keyof typeof contextKeys];

export const settingIds = {
  scanImages: 'plimsoll.scan.images',
  scanPlatform: 'plimsoll.scan.platform',
  scanConcurrency: 'plimsoll.scan.concurrency',
  scanTimeoutMinutes: 'plimsoll.scan.timeoutMinutes',
  scanMaxImageSizeMB: 'plimsoll.scan.maxImageSizeMB',
  scanHistoryDays: 'plimsoll.scan.historyDays',
  cloud: 'plimsoll.cloud',
  customCloud: 'plimsoll.customCloud',
  secretExpiryWarningDays: 'plimsoll.connections.secretExpiryWarningDays',
  requestTimeoutSeconds: 'plimsoll.connections.requestTimeoutSeconds',
  minimumSeverity: 'plimsoll.findings.minimumSeverity',
  hideWithoutFix: 'plimsoll.findings.hideWithoutFix',
  badge: 'plimsoll.findings.badge',
  applicationTagKeys: 'plimsoll.applications.tagKeys',
  dockerfileEnable: 'plimsoll.dockerfile.enable',
  dockerfileRun: 'plimsoll.dockerfile.run',
  dockerfileRules: 'plimsoll.dockerfile.rules',
  dockerfileCodeLens: 'plimsoll.dockerfile.codeLens',
  dataUpdates: 'plimsoll.data.updates',
  dataMirror: 'plimsoll.data.mirror',
  offline: 'plimsoll.offline',
  statusBar: 'plimsoll.statusBar',
} as const;
export type SettingId = (typeof settingIds)[keyof typeof settingIds];

/** Keys in secret storage and in the editor's mementos. */
export const storageKeys = {
  secretPrefix: 'plimsoll.connection.',
  connections: 'plimsoll.connections',
  summary: 'plimsoll.summary',
  filter: 'plimsoll.filter',
  grouping: 'plimsoll.grouping',
  reportState: 'plimsoll.reportState',
  secretStoreWarned: 'plimsoll.secretStoreWarned',
  exportFolder: 'plimsoll.exportFolder',
} as const;

export const uriSchemes = { asset: 'plimsoll-asset', finding: 'plimsoll-finding' } as const;
