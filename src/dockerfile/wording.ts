/** A name from the file, short enough for a message. */
export function shortened(name: string): string {
  return name.length <= 30 ? name : `${name.slice(0, 29)}…`;
}
