/** Parts of an image reference as Dockerfiles write them. Grammar: distribution/reference, "reference.go". */
export interface ImageParts {
  /** Everything before tag and digest. */
  readonly name: string;
  readonly tag?: string;
  readonly digest?: string;
  /** Offset of the tag's first character; the text's length without one. */
  readonly tagAt: number;
}

export function imageParts(reference: string): ImageParts {
  const at = reference.indexOf('@');
  const digest = at < 0 ? undefined : reference.slice(at + 1);
  const named = at < 0 ? reference : reference.slice(0, at);
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  return {
    name: hasTag ? named.slice(0, colon) : named,
    tagAt: hasTag ? colon + 1 : named.length,
    ...(hasTag ? { tag: named.slice(colon + 1) } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
}
