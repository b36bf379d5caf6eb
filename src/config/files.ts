/** How files are reached. Both throw where that cannot be done. */
export interface MapFiles {
  readFile(path: string): Uint8Array
  /** Names of the files in a folder, sorted. */
  list(folder: string): readonly string[]
}
