/* Espalier kernels: the C ABI. The only header that the Java binding parses.
 *
 * Conventions
 *  - The caller owns every buffer. Nothing is kept after a call returns, nothing is allocated on the
 *    hot path, nothing is printed, nothing synchronises with a device.
 *  - The first argument names the target (backend, threads). The last two arguments are workspace and
 *    stream, in that order. Each operation that needs workspace has a query `..._workspace_bytes`; a
 *    result of 0 means that NULL may be passed, -1 that the arguments are refused (see
 *    esp_last_message). Workspace lives where the tensors live, at a multiple of 64 bytes.
 *  - `stream` is a cudaStream_t for ESP_BACKEND_CUDA (NULL: the legacy default stream) and is ignored
 *    by the CPU backends. The calling thread's current device is the one that the tensors live on.
 *    All work goes to this stream and no result is copied to the host, so that calls can be captured
 *    into a CUDA graph. Scalars that a call computes (esp_selection, counts) stay on the device until
 *    the caller copies them.
 *  - Tensor and workspace pointers of one call are all host pointers (CPU backends) or all device
 *    pointers (ESP_BACKEND_CUDA). Argument structs and item arrays are always read on the host,
 *    before the call returns.
 *  - Every function that returns int32_t returns an ESP_* status unless it says otherwise. After a
 *    status other than ESP_OK, esp_last_message() describes it in one line: what was expected, what
 *    was got. The text belongs to the calling thread and is valid until its next call.
 *  - Element type is IEEE 754 binary32 unless said otherwise; counts are elements unless named bytes.
 *    Tensors lie at multiples of their element's size, and the items of one call hold at most 2^40
 *    elements (gather: bytes) in all; anything else is refused.
 */
#ifndef ESPALIER_KERNELS_H
#define ESPALIER_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- status, backends, kernels ---------------------------------------------------------------- */

#define ESP_OK 0
#define ESP_INVALID_ARGUMENT 1 /* the message names the argument */
#define ESP_UNSUPPORTED 2      /* no kernel of this backend takes this combination */
#define ESP_UNAVAILABLE 3      /* the backend cannot run on this machine; the message says why */
#define ESP_DEVICE_ERROR 4     /* a device call failed; the next call may succeed */
#define ESP_DEVICE_LOST 5      /* sticky device error; the process must be restarted */

#define ESP_BACKEND_AUTO 0 /* the fastest CPU backend of this machine */
#define ESP_BACKEND_REFERENCE 1
#define ESP_BACKEND_AVX2 2
#define ESP_BACKEND_AVX512 3
#define ESP_BACKEND_CUDA 4

typedef struct esp_target {
  int32_t backend; /* ESP_BACKEND_* */
  int32_t threads; /* CPU threads to use, 1 to 1024; ignored by CUDA */
} esp_target;

const char* esp_last_message(void);
const char* esp_version(void); /* "0.1.0" */

/* 1 if the backend can run here, 0 if not; then esp_last_message() gives the cause. */
int32_t esp_backend_available(int32_t backend);

/* Loads libespalier_kernels_cuda from `path` and registers its kernels. Idempotent, thread-safe. */
int32_t esp_cuda_open(const char* path);
/* Number of usable CUDA devices; 0 if the CUDA library is not open or there is none. */
int32_t esp_cuda_device_count(void);

/* The kernel table: one row per kernel, `operation_pattern_types_variant`, e.g. "conv2d_element_f32_avx512". */
int32_t esp_kernel_count(void);
const char* esp_kernel_name(int32_t index);   /* NULL if out of range */
int32_t esp_kernel_backend(int32_t index);    /* ESP_BACKEND_*, -1 if out of range */

/* ---- score: importance of elements and of channels --------------------------------------------- */

#define ESP_CRITERION_MAGNITUDE 0       /* e = |w| */
#define ESP_CRITERION_GRADIENT 1        /* e = |g| */
#define ESP_CRITERION_SIGNED_GRADIENT 2 /* e = g; small or negative gradients score lowest */
#define ESP_CRITERION_TAYLOR 3          /* e = |w * g|, first order (Molchanov et al., arXiv 1906.10771) */

#define ESP_NORM_L1 0   /* sum of |e| */
#define ESP_NORM_L2 1   /* square root of the sum of e*e */
#define ESP_NORM_LINF 2 /* maximum of |e| */

/* One tensor, element by element: score[i] = e(weight[i], gradient[i]), 0 <= i < count.
 * An input that the criterion does not read may be NULL. score may not overlap the inputs. */
typedef struct esp_score_item {
  const void* weight;
  const void* gradient;
  void* score;
  int64_t count;
} esp_score_item;

int32_t esp_score(const esp_target* target, const esp_score_item* items, int32_t item_count,
                  int32_t criterion, void* workspace, void* stream);
int64_t esp_score_workspace_bytes(const esp_target* target, int32_t item_count);

/* One tensor seen as [outer, channels, inner] with element (o, c, i) at
 * o * outer_stride + c * inner + i: any axis of a contiguous tensor, or a range of that axis.
 * score[c] = norm over (o, i) of e. Under ESP_CRITERION_SIGNED_GRADIENT e = max(g, 0) here.
 * A channel with a NaN scores NaN; a channel without elements scores 0.
 * Consecutive items with the same `score` pointer (and the same `channels`) form one channel group:
 * their elements are reduced together, as if they were one tensor.
 * The result does not depend on the number of threads (fixed order of summation, float64 or
 * compensated accumulation on the CPU; CUDA: fixed tree, float32 partial sums). */
typedef struct esp_channel_item {
  const void* weight;
  const void* gradient;
  void* score;
  int64_t outer;
  int64_t outer_stride;
  int64_t channels;
  int64_t inner;
} esp_channel_item;

int32_t esp_score_channels(const esp_target* target, const esp_channel_item* items, int32_t item_count,
                           int32_t criterion, int32_t norm, void* workspace, void* stream);
int64_t esp_score_channels_workspace_bytes(const esp_target* target, const esp_channel_item* items,
                                           int32_t item_count);

/* ---- select: the exact k-th smallest value over many tensors ------------------------------------ */

typedef struct esp_select_item {
  const void* score;
  int64_t count;
} esp_select_item;

/* Order all elements by (value, item, index); -0 equals +0. The first k are selected (to be pruned):
 * every element below `value`, and the first `ties` of those equal to it in (item, index) order.
 * k = 0: value = -infinity, ties = 0. Not-a-number is refused through the nan_ fields, and then no
 * other field is meaningful. Lives where the tensors live. */
typedef struct esp_selection {
  float value;       /* the k-th smallest */
  int32_t nan_item;  /* first item with a NaN, or -1 */
  int64_t nan_index; /* its first NaN */
  int64_t below;     /* elements strictly below value */
  int64_t ties;      /* elements equal to value that are selected; below + ties = k */
} esp_selection;

int32_t esp_select(const esp_target* target, const esp_select_item* items, int32_t item_count, int64_t k,
                   esp_selection* selection, void* workspace, void* stream);
int64_t esp_select_workspace_bytes(const esp_target* target, const esp_select_item* items,
                                   int32_t item_count);

/* ---- mask: one bit per element, 1 = kept -------------------------------------------------------- */
/* Bit i of a mask is bit (i % 32) of 32-bit word i / 32; words = (count + 31) / 32; bits past count are 0. */

/* Builds each mask from scores and a selection over exactly these items in this order. */
typedef struct esp_mask_build_item {
  const void* score;
  void* bits;
  int64_t count;
} esp_mask_build_item;

int32_t esp_mask_build(const esp_target* target, const esp_mask_build_item* items, int32_t item_count,
                       const esp_selection* selection, void* workspace, void* stream);
int64_t esp_mask_build_workspace_bytes(const esp_target* target, const esp_mask_build_item* items,
                                       int32_t item_count);

/* bytes <-> bits. `bytes` holds one uint8 per element, 0 or not 0. */
typedef struct esp_mask_pack_item {
  void* bytes;
  void* bits;
  int64_t count;
} esp_mask_pack_item;

int32_t esp_mask_pack(const esp_target* target, const esp_mask_pack_item* items, int32_t item_count,
                      void* workspace, void* stream);
int32_t esp_mask_unpack(const esp_target* target, const esp_mask_pack_item* items, int32_t item_count,
                        void* workspace, void* stream);

/* values[i] = bit i ? values[i] : +0, in place (also where values[i] is not finite). */
typedef struct esp_mask_apply_item {
  void* values;
  const void* bits;
  int64_t count;
} esp_mask_apply_item;

int32_t esp_mask_apply(const esp_target* target, const esp_mask_apply_item* items, int32_t item_count,
                       void* workspace, void* stream);

/* kept[i] = number of ones in mask i. `kept` is int64_t[item_count], where the tensors live. */
typedef struct esp_mask_count_item {
  const void* bits;
  int64_t count;
} esp_mask_count_item;

int32_t esp_mask_count(const esp_target* target, const esp_mask_count_item* items, int32_t item_count,
                       int64_t* kept, void* workspace, void* stream);

/* Bytes of workspace that any of pack, unpack, apply, count needs for item_count items. */
int64_t esp_mask_workspace_bytes(const esp_target* target, int32_t item_count);

/* ---- optim: one step of an optimiser over many masked tensors ------------------------------------- */
/* With h = gradient_scale * gradient[i], for 0 <= i < count:
 *   score[i] = e(weight[i], h), if `score` is given: e is the criterion of esp_score, the weight is the
 *   one before the step, and the mask plays no part;
 *   then, where bit i of `bits` is 0, weight[i] and its optimiser state become +0, whatever they were;
 *   elsewhere (or if `bits` is NULL) they take one step.
 * State is zero before the first step. Tensors of one call may not overlap. */

/* SGD without dampening (Sutskever et al., 2013): d = h + weight_decay * weight, v = momentum * v + d,
 * weight -= learning_rate * (nesterov ? d + momentum * v : v). The tensor `momentum` holds v; it is
 * neither read nor written, and may be NULL, if the coefficient is 0. */
typedef struct esp_sgd_item {
  void* weight;
  const void* gradient;
  void* momentum;
  const void* bits; /* as in mask, or NULL: all kept */
  void* score;      /* or NULL: no scores */
  int64_t count;
  double weight_decay; /* at least 0 */
} esp_sgd_item;

typedef struct esp_sgd {
  double learning_rate;  /* at least 0 */
  double momentum;       /* coefficient, at least 0 and below 1 */
  double gradient_scale; /* 1, or for clipping, loss scaling, accumulation */
  int32_t nesterov;      /* not 0: look ahead; needs momentum */
} esp_sgd;

int32_t esp_sgd_step(const esp_target* target, const esp_sgd_item* items, int32_t item_count,
                     const esp_sgd* settings, int32_t criterion, void* workspace, void* stream);
int64_t esp_sgd_step_workspace_bytes(const esp_target* target, int32_t item_count);

/* mean = beta1 * mean + (1 - beta1) * d, square = beta2 * square + (1 - beta2) * d * d, then
 * weight -= learning_rate / (1 - beta1^step) * mean / (sqrt(square / (1 - beta2^step)) + epsilon).
 * Adam (Kingma and Ba, arXiv 1412.6980): d = h + weight_decay * weight. Decoupled, AdamW (Loshchilov and
 * Hutter, arXiv 1711.05101): d = h, and weight *= 1 - learning_rate * weight_decay comes first. */
typedef struct esp_adam_item {
  void* weight;
  const void* gradient;
  void* mean;
  void* square;
  const void* bits; /* as in mask, or NULL: all kept */
  void* score;      /* or NULL: no scores */
  int64_t count;
  double weight_decay; /* at least 0 */
} esp_adam_item;

typedef struct esp_adam {
  double learning_rate; /* at least 0 */
  double beta1, beta2;  /* at least 0 and below 1 */
  double epsilon;       /* at least 0 */
  double gradient_scale;
  int64_t step;      /* number of this step, from 1 */
  int32_t decoupled; /* not 0: AdamW */
} esp_adam;

int32_t esp_adam_step(const esp_target* target, const esp_adam_item* items, int32_t item_count,
                      const esp_adam* settings, int32_t criterion, void* workspace, void* stream);
int64_t esp_adam_step_workspace_bytes(const esp_target* target, int32_t item_count);

/* ---- gather: structured removal ------------------------------------------------------------------ */

/* A contiguous tensor seen as [outer, axis0, middle, axis1] of cells of `inner_bytes` bytes:
 * out[o, i, m, j] = in[o, index0 ? index0[i] : i, m, index1 ? index1[j] : j].
 * One removed axis: leave axis1 = out_axis1 = 1 and index1 NULL. Indices are int64_t, where the tensors
 * live, each in [0, axis); with a NULL index the axis is kept and out_axis must equal axis.
 * CPU backends refuse an index out of range; CUDA does not check. in and out may not overlap. */
typedef struct esp_gather_item {
  const void* in;
  void* out;
  const int64_t* index0;
  const int64_t* index1;
  int64_t outer;
  int64_t axis0;
  int64_t out_axis0;
  int64_t middle;
  int64_t axis1;
  int64_t out_axis1;
  int64_t inner_bytes;
} esp_gather_item;

int32_t esp_gather(const esp_target* target, const esp_gather_item* items, int32_t item_count,
                   void* workspace, void* stream);
int64_t esp_gather_workspace_bytes(const esp_target* target, int32_t item_count);

/* ---- epilogue: what happens to a convolution's sum before it is stored ------------------------- */

#define ESP_ACTIVATION_NONE 0
#define ESP_ACTIVATION_RELU 1       /* max(0, x) */
#define ESP_ACTIVATION_RELU6 2      /* min(max(0, x), 6) */
#define ESP_ACTIVATION_SILU 3       /* x / (1 + exp(-x)) (Elfwing et al., arXiv 1702.03118) */
#define ESP_ACTIVATION_HARD_SWISH 4 /* x * min(max(0, x + 3), 6) / 6 (Howard et al., arXiv 1905.02244) */

/* output = activation(sum + bias[output channel] + residual[same place]); not-a-number passes all
 * activations. NULL in the place of an epilogue stores the sum as it is. */
typedef struct esp_epilogue {
  const void* bias;     /* one value per output channel, or NULL */
  const void* residual; /* of the output's shape and layout, or NULL; may be the output itself */
  int32_t activation;   /* ESP_ACTIVATION_* */
} esp_epilogue;

/* ---- conv2d: masked convolution, forward ---------------------------------------------------------- */

/* Cross-correlation as ONNX Conv: input [n, c, h, w], weight [k, c / groups, r, s],
 * output [n, k, oh, ow] with oh = (h + pad_top + pad_bottom - dilation_h * (r - 1) - 1) / stride_h + 1,
 * ow alike; all contiguous NCHW. Weights whose mask bit is 0 do not take part. */
typedef struct esp_conv2d_shape {
  int64_t n, c, h, w;
  int64_t k, r, s;
  int64_t stride_h, stride_w;
  int64_t pad_top, pad_left, pad_bottom, pad_right;
  int64_t dilation_h, dilation_w;
  int64_t groups;
} esp_conv2d_shape;

/* Packs the kept weights into the backend's compressed form, valid for this shape (any n) and target.
 * `bits` as in mask, over the weight; NULL keeps all. `nonzeros` is the number of ones (or the weight
 * count): it fixes the size. CPU: `packed` must be 64-byte aligned. */
int64_t esp_conv2d_packed_bytes(const esp_target* target, const esp_conv2d_shape* shape, int64_t nonzeros);
int32_t esp_conv2d_pack(const esp_target* target, const esp_conv2d_shape* shape, const void* weight,
                        const void* bits, int64_t nonzeros, void* packed, void* workspace, void* stream);
int64_t esp_conv2d_pack_workspace_bytes(const esp_target* target, const esp_conv2d_shape* shape,
                                        int64_t nonzeros);

/* output = epilogue(conv(input, packed)); a NULL epilogue does nothing. input and output may not
 * overlap. */
int32_t esp_conv2d(const esp_target* target, const esp_conv2d_shape* shape, const void* input,
                   const void* packed, int64_t nonzeros, const esp_epilogue* epilogue, void* output,
                   void* workspace, void* stream);
int64_t esp_conv2d_workspace_bytes(const esp_target* target, const esp_conv2d_shape* shape,
                                   int64_t nonzeros);

/* ---- image16: 16 images side by side ------------------------------------------------------------- */

/* Extents of a tensor in the image16 layout: [ceil(n / 16)][c][h + 2 halo_h][w + 2 halo_w][16], the same
 * pixel of 16 images in one 64-byte line. The halo is zero, and so are the images that a last block lacks
 * when esp_image16_pack has made it. A plane (one channel of a block) that would take an even number of
 * lines takes one more, so that neighbouring channels do not meet in the same cache sets. Addresses are
 * multiples of 64. */
typedef struct esp_image16 {
  int64_t n, c, h, w;
  int64_t halo_h, halo_w; /* rows above and below, columns left and right of every plane */
} esp_image16;

int64_t esp_image16_bytes(const esp_image16* extents); /* -1 if refused */

#define ESP_ORDER_NCHW 0 /* [n][c][h][w] in memory */
#define ESP_ORDER_NHWC 1 /* channels last: [n][h][w][c] in memory */
/* From and to `images` of this order. Four-byte elements that lie closely. */
int32_t esp_image16_pack(const esp_target* target, const esp_image16* extents, int32_t order,
                         const void* images, void* image16, void* workspace, void* stream);
int32_t esp_image16_unpack(const esp_target* target, const esp_image16* extents, int32_t order,
                           const void* image16, void* images, void* workspace, void* stream);

/* ---- conv2d on image16: masked convolution of batches, and its gradients --------------------------- */

#define ESP_DIRECTION_FORWARD 0        /* source: the input; result: the output */
#define ESP_DIRECTION_INPUT_GRADIENT 1 /* source: the output's gradient; result: the input's */

/* A convolution whose source and result lie in the image16 layout. The source's halo must cover what
 * the taps reach beyond its edges: see esp_conv2d_image16_halo. */
typedef struct esp_conv2d_image16_layout {
  esp_conv2d_shape shape;
  int64_t source_halo_h, source_halo_w, result_halo_h, result_halo_w;
  int32_t direction; /* ESP_DIRECTION_* */
} esp_conv2d_image16_layout;

/* The least source halo. */
int32_t esp_conv2d_image16_halo(const esp_conv2d_shape* shape, int32_t direction, int64_t* halo_h,
                                int64_t* halo_w);

/* Packs the kept weights for this layout (any n); `bits`, `nonzeros` and `packed` as in esp_conv2d_pack.
 * The packed form is the same for all CPU backends. */
int64_t esp_conv2d_image16_packed_bytes(const esp_target* target, const esp_conv2d_image16_layout* layout,
                                        int64_t nonzeros);
int32_t esp_conv2d_image16_pack(const esp_target* target, const esp_conv2d_image16_layout* layout,
                                const void* weight, const void* bits, int64_t nonzeros, void* packed,
                                void* workspace, void* stream);
int64_t esp_conv2d_image16_pack_workspace_bytes(const esp_target* target,
                                                const esp_conv2d_image16_layout* layout, int64_t nonzeros);

/* result = epilogue(sum over the kept weights); the epilogue's channels are the result's. Writes the
 * result's halo too. Images that the last block lacks get values without meaning. */
int32_t esp_conv2d_image16(const esp_target* target, const esp_conv2d_image16_layout* layout,
                           const void* source, const void* packed, int64_t nonzeros,
                           const esp_epilogue* epilogue, void* result, void* workspace, void* stream);
int64_t esp_conv2d_image16_workspace_bytes(const esp_target* target, const esp_conv2d_image16_layout* layout,
                                           int64_t nonzeros);

/* weight_gradient [k, c / groups, r, s]: the sum over images and pixels of input times output_gradient
 * at the kept positions, 0 elsewhere. `layout` and `packed` are those of the forward direction, its
 * source the input, its result the output's gradient; `bits` are those that were packed. In both
 * tensors the images that the last block lacks must be finite, and zero in one of them. */
int32_t esp_conv2d_image16_weight_gradient(const esp_target* target, const esp_conv2d_image16_layout* layout,
                                           const void* input, const void* output_gradient,
                                           const void* packed, const void* bits, int64_t nonzeros,
                                           void* weight_gradient, void* workspace, void* stream);
int64_t esp_conv2d_image16_weight_gradient_workspace_bytes(const esp_target* target,
                                                           const esp_conv2d_image16_layout* layout,
                                                           int64_t nonzeros);

/* ---- conv2d_vector: convolution with a mask of vectors, forward ---------------------------------- */

/* As conv2d, but the mask has one bit per vector: the weights at one position (c, r, s) of 16
 * consecutive output channels of a group are kept or dropped together. The k / groups outputs of a
 * group are cut into blocks of 16, of which the last may be smaller. `bits` as in mask, over
 * [group][block][c / groups][r][s]; NULL keeps all. `vectors` is the number of ones (or of all
 * vectors): it fixes the size of the packed form, which serves this shape (any n) and target.
 * `weight` is the whole tensor [k, c / groups, r, s]. `packed` must be 64-byte aligned. */
int64_t esp_conv2d_vector_packed_bytes(const esp_target* target, const esp_conv2d_shape* shape,
                                       int64_t vectors);
int32_t esp_conv2d_vector_pack(const esp_target* target, const esp_conv2d_shape* shape,
                               const void* weight, const void* bits, int64_t vectors, void* packed,
                               void* workspace, void* stream);
int64_t esp_conv2d_vector_pack_workspace_bytes(const esp_target* target,
                                               const esp_conv2d_shape* shape, int64_t vectors);

/* output = epilogue(conv(input, packed)); a NULL epilogue does nothing. input and output may not
 * overlap. */
int32_t esp_conv2d_vector(const esp_target* target, const esp_conv2d_shape* shape, const void* input,
                          const void* packed, int64_t vectors, const esp_epilogue* epilogue,
                          void* output, void* workspace, void* stream);
int64_t esp_conv2d_vector_workspace_bytes(const esp_target* target, const esp_conv2d_shape* shape,
                                          int64_t vectors);

/* ---- conv2d_half: sparse convolution of 16-bit tensors, forward ---------------------------------- */

#define ESP_DTYPE_F16 0  /* IEEE 754 binary16 */
#define ESP_DTYPE_BF16 1 /* bfloat16: the upper half of a binary32 */

#define ESP_PATTERN_VECTOR 0      /* weights of `vector` outputs are kept or dropped together */
#define ESP_PATTERN_TWO_OF_FOUR 1 /* of every 4 consecutive channels at one tap at most 2 are kept */

/* input [n, h, w, c], output and residual [n, oh, ow, k]: contiguous NHWC of `dtype`; bias: binary32.
 * shape as in conv2d otherwise. Sums are binary32. Backends: ESP_BACKEND_REFERENCE and
 * ESP_BACKEND_CUDA; on CUDA ESP_DTYPE_BF16 and ESP_PATTERN_TWO_OF_FOUR need compute capability 8.0,
 * and are ESP_UNSUPPORTED below it when packing or running. */
typedef struct esp_conv2d_half_layout {
  esp_conv2d_shape shape;
  int32_t dtype;   /* ESP_DTYPE_* */
  int32_t pattern; /* ESP_PATTERN_* */
  int32_t vector;  /* ESP_PATTERN_VECTOR: 16 or 32 consecutive outputs of a group; otherwise 0 */
} esp_conv2d_half_layout;

/* Packs binary32 weights [k, c / groups, r, s], rounded to `dtype`, for this layout (any n).
 * ESP_PATTERN_VECTOR: `bits` holds one bit per vector over [group][block][c / groups][r][s], the k /
 * groups outputs of a group being cut into blocks of `vector`, of which the last may be smaller; NULL
 * keeps all. `vectors` is the number of ones (or of all vectors): it fixes the size of the packed form.
 * CUDA cannot look: what a mask keeps beyond it is dropped.
 * ESP_PATTERN_TWO_OF_FOUR: `bits` holds one bit per weight; channels 4i to 4i + 3 of a group keep at
 * most 2 at each tap (CUDA takes the first 2); NULL keeps the 2 of largest magnitude, of equals the
 * lower channel, not-a-number before all. c / groups must be a multiple of 4. `vectors` is 0.
 * `packed` must be 64-byte aligned. */
int64_t esp_conv2d_half_packed_bytes(const esp_target* target, const esp_conv2d_half_layout* layout,
                                     int64_t vectors);
int32_t esp_conv2d_half_pack(const esp_target* target, const esp_conv2d_half_layout* layout,
                             const void* weight, const void* bits, int64_t vectors, void* packed,
                             void* workspace, void* stream);
int64_t esp_conv2d_half_pack_workspace_bytes(const esp_target* target,
                                             const esp_conv2d_half_layout* layout, int64_t vectors);

/* output = epilogue(conv(input, packed)), rounded to `dtype`; a NULL epilogue does nothing. input and
 * output may not overlap. `packed` is of this layout (any n), `vectors` and backend; nobody looks.
 * CUDA reads input at a multiple of 16 bytes with c / groups a multiple of 8, and writes output and
 * reads residuals alike with k / groups, 16 bytes at a time; anything else is slower. */
int32_t esp_conv2d_half(const esp_target* target, const esp_conv2d_half_layout* layout,
                        const void* input, const void* packed, int64_t vectors,
                        const esp_epilogue* epilogue, void* output, void* workspace, void* stream);
int64_t esp_conv2d_half_workspace_bytes(const esp_target* target,
                                        const esp_conv2d_half_layout* layout, int64_t vectors);

/* ---- conv2d_channels: dense convolution that skips emptied channels, forward ---------------------- */

/* A list of channels is int32[1 + channels], where the tensors live: the number of live channels, then
 * their indices, ascending. esp_channel_list makes one of a mask with one bit per channel (1 = live,
 * as in mask) without a look at it by the host; what lies past the last live channel is not written. */
int32_t esp_channel_list(const esp_target* target, const void* bits, int64_t channels, void* list,
                         void* workspace, void* stream);
int64_t esp_channel_list_workspace_bytes(const esp_target* target, int64_t channels);

/* output = epilogue(conv(input, weight)) as in conv2d, over the live input channels; masked output
 * channels get the epilogue of 0. That is the result of zero weights in all masked channels, but masked
 * inputs and weights are not read and may hold anything. live_inputs lists channels of [0, c),
 * live_outputs of [0, k); NULL: all are live. weight: [k, c / groups, r, s], whole. The reference refuses
 * what is no list; CUDA does not look. Backends: ESP_BACKEND_REFERENCE and ESP_BACKEND_CUDA. input and
 * output may not overlap. */
int32_t esp_conv2d_channels(const esp_target* target, const esp_conv2d_shape* shape,
                            const void* input, const void* weight, const void* live_inputs,
                            const void* live_outputs, const esp_epilogue* epilogue, void* output,
                            void* workspace, void* stream);
int64_t esp_conv2d_channels_workspace_bytes(const esp_target* target,
                                            const esp_conv2d_shape* shape);

#ifdef __cplusplus
}
#endif

#endif
