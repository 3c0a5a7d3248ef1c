/** The messages between the page and its host, checked in both directions. The page takes its own half alone. */
export { parseToHost } from './messages-to-host.ts';
export { parseReportState, parseToPage } from './messages-to-page.ts';
