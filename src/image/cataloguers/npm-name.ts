const legal = /^(?:@[A-Za-z0-9~-][A-Za-z0-9._~-]*\/)?[A-Za-z0-9~-][A-Za-z0-9._~-]*$/;

/** True for names that the registry has or once allowed (capitals occur in old ones). npm, "package.json", "name". */
export function isNpmName(name: string): boolean {
  return name.length <= 214 && legal.test(name);
}
