/** Models as ONNX files; the only place that knows protobuf. */
@NullMarked
package dev.espalier.formats.onnx;

import org.jspecify.annotations.NullMarked;
