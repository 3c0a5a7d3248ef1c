/**
 * Makers of distributions as they write themselves into the vendor tag. Those that also sell packages for the distributions
 * of others are believed only with the mark of their own distribution in the release.
 */
const distributionVendors: readonly (readonly [vendor: RegExp, release?: RegExp])[] = [
  [/^Red Hat\b/i],
  [/^CentOS\b/i],
  [/^Rocky\b/i],
  [/^AlmaLinux\b/i],
  [/^Oracle America\b/i],
  [/^Amazon\b/i, /amzn/],
  [/^SUSE\b/i],
  [/^openSUSE\b/i],
  [/^(?:VMware|Broadcom)\b/i, /\.ph\d/],
  [/^Microsoft Corporation\b/i, /\.(?:azl|cm)\d/],
  [/^Fedora Project\b/i],
  [/^(?:https?:\/\/)?openEuler\b/i],
  [/^Mageia\b/i],
  [/^Bottlerocket\b/i],
];

/** True when a distribution made the package. Amazon's packages do not always name their vendor. */
export function isDistributionVendor(vendor: string | undefined, release: string): boolean {
  if (vendor === undefined) return /\.amzn\d/.test(release);
  return distributionVendors.some(([pattern, mark]) => pattern.test(vendor) && (mark?.test(release) ?? true));
}
