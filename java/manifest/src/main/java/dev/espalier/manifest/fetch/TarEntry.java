package dev.espalier.manifest.fetch;

/**
 * The head of one file or folder in a tar archive.
 *
 * @param path as written in the archive, not to be trusted
 * @param folder whether it is a folder
 * @param bytes of the file; 0 for a folder
 */
record TarEntry(String path, boolean folder, long bytes) {}
