/**
 * Changes whenever a layer or an image would be read differently: another cataloguer, another set of kept files, another
 * form of what is kept. Whoever stores layers and reports stores it beside them and forgets those of another number.
 */
export const readerVersion = 11;
