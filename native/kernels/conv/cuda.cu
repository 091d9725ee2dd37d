// Masked convolution for CUDA: a stream of kept weights that is uniform over a warp, over a halo
// tile in shared memory. See conv_cuda.h for the layout.
#include "base/cuda.h"
#include "base/epilogue.h"
#include "kernels/conv/conv_cuda.h"

namespace espalier {
namespace {

constexpr int warps = conv_cuda_threads / 32;
constexpr int lane_pixels = conv_cuda_pixels / 32;
constexpr int warp_outputs = conv_cuda_outputs / warps;
constexpr unsigned all_lanes = 0xffffffffu;

struct conv_problem {
  esp_conv2d_shape shape;
  conv_cuda_plan plan;
  int64_t out_h, out_w;
  int32_t tiles_h, tiles_w;
};

// ---- packing ------------------------------------------------------------------------------------

// The weights of one (output, chunk): a contiguous range.
struct weight_range {
  int64_t begin, end;

  __device__ weight_range(const conv_problem& p, int64_t list) {
    const int64_t taps = p.shape.r * p.shape.s, channels = p.shape.c / p.shape.groups;
    const int64_t output = list / p.plan.chunks, first = list % p.plan.chunks * p.plan.channels;
    const int64_t last = first + p.plan.channels < channels ? first + p.plan.channels : channels;
    begin = (output * channels + first) * taps;
    end = (output * channels + last) * taps;
  }
};

__device__ bool keeps(const uint32_t* bits, int64_t i) {
  return bits == nullptr || (bits[i / 32] >> (i % 32) & 1u) != 0;
}

// starts[list + 1] = kept weights of the list. A warp per list.
__global__ void __launch_bounds__(conv_cuda_threads)
    conv_count(const conv_problem p, const uint32_t* bits, int32_t* starts) {
  const int64_t list = blockIdx.x * int64_t{warps} + threadIdx.x / 32;
  const unsigned lane = threadIdx.x % 32;
  if (blockIdx.x == 0 && threadIdx.x == 0) starts[0] = 0;
  if (list >= p.shape.k * p.plan.chunks) return;
  const weight_range range(p, list);
  int kept = 0;
  for (int64_t i = range.begin + lane; i < range.end; i += 32) kept += keeps(bits, i) ? 1 : 0;
  for (int step = 16; step > 0; step /= 2) kept += __shfl_xor_sync(all_lanes, kept, step);
  if (lane == 0) starts[list + 1] = kept;
}

// Inclusive sum of values[0, count), nowhere above `most`. One block.
__global__ void __launch_bounds__(conv_cuda_threads)
    conv_sum(int32_t* values, int64_t count, int32_t most) {
  __shared__ int32_t sums[warps];
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  int32_t before = 0;
  for (int64_t first = 0; first < count; first += conv_cuda_threads) {
    const int64_t i = first + threadIdx.x;
    int32_t sum = i < count ? values[i] : 0;
    for (int step = 1; step < 32; step *= 2) {
      const int32_t other = __shfl_up_sync(all_lanes, sum, step);
      if (lane >= step) sum += other;
    }
    if (lane == 31) sums[warp] = sum;
    __syncthreads();
    int32_t all = 0, lower = 0;
    for (int w = 0; w < warps; ++w) {
      if (w < warp) lower += sums[w];
      all += sums[w];
    }
    const int32_t upto = before + lower + sum;
    if (i < count) values[i] = upto < most ? upto : most;
    before += all;
    __syncthreads();
  }
}

// Writes the kept weights of each list in the order of their index. A warp per list. Entries past
// `nonzeros` (a mask with more ones than the caller said) are dropped.
__global__ void __launch_bounds__(conv_cuda_threads)
    conv_fill(const conv_problem p, const float* weight, const uint32_t* bits, int64_t nonzeros,
              const int32_t* starts, conv_cuda_entry* entries) {
  const int64_t list = blockIdx.x * int64_t{warps} + threadIdx.x / 32;
  const unsigned lane = threadIdx.x % 32;
  if (list >= p.shape.k * p.plan.chunks) return;
  const weight_range range(p, list);
  const int64_t taps = p.shape.r * p.shape.s;
  int64_t next = starts[list];
  for (int64_t first = range.begin; first < range.end; first += 32) {
    const int64_t i = first + lane;
    const bool kept = i < range.end && keeps(bits, i);
    const unsigned ballot = __ballot_sync(all_lanes, kept);
    const int64_t at = next + __popc(ballot & ((1u << lane) - 1u));
    if (kept && at < nonzeros) {
      const int64_t c = (i - range.begin) / taps, r = i / p.shape.s % p.shape.r, s = i % p.shape.s;
      const int64_t row = c * p.plan.in_h + r * p.shape.dilation_h;
      entries[at] = {static_cast<int32_t>(row * p.plan.pitch + s * p.shape.dilation_w), weight[i]};
    }
    next += __popc(ballot);
  }
}

// ---- convolution --------------------------------------------------------------------------------

// The pixels and outputs of one block.
struct block_place {
  int64_t image, row, column;  // first image, output row and output column
  int64_t group, output;       // output: first within the group

  __device__ explicit block_place(const conv_problem& p) {
    const int64_t tile = blockIdx.x, tiles = int64_t{p.tiles_h} * p.tiles_w;
    const int64_t group_outputs = p.shape.k / p.shape.groups;
    const int64_t parts = (group_outputs + conv_cuda_outputs - 1) / conv_cuda_outputs;
    image = tile / tiles * p.plan.images;
    row = tile % tiles / p.tiles_w * p.plan.tile_h;
    column = tile % p.tiles_w * p.plan.tile_w;
    group = blockIdx.y / parts;
    output = blockIdx.y % parts * conv_cuda_outputs;
  }
};

// Fills the halo tile of a chunk; a warp takes a row of a channel of an image.
__device__ void load_chunk(const conv_problem& p, const block_place& place, const float* input,
                           int chunk, float* tile) {
  const esp_conv2d_shape& s = p.shape;
  const int64_t group_channels = s.c / s.groups, first = int64_t{chunk} * p.plan.channels;
  const int rows = p.plan.images * p.plan.channels * p.plan.in_h;
  for (int i = static_cast<int>(threadIdx.x / 32); i < rows; i += warps) {
    const int64_t y = place.row * s.stride_h - s.pad_top + i % p.plan.in_h;
    const int64_t c = first + i / p.plan.in_h % p.plan.channels;
    const int64_t image = place.image + i / p.plan.in_h / p.plan.channels;
    const bool inside = c < group_channels && image < s.n && y >= 0 && y < s.h;
    const float* source =
        input + ((image * s.c + place.group * group_channels + c) * s.h + y) * s.w;
    for (int x = static_cast<int>(threadIdx.x % 32); x < p.plan.in_w; x += 32) {
      const int64_t column = place.column * s.stride_w - s.pad_left + x;
      tile[i * p.plan.pitch + x] =
          inside && column >= 0 && column < s.w ? __ldg(source + column) : 0.0f;
    }
  }
}

// Adds one list of kept weights at the lane's pixels.
__device__ void add_list(const conv_cuda_entry* entries, int begin, int end, const float* tile,
                         const int (&pixels)[lane_pixels], float (&sums)[lane_pixels]) {
#pragma unroll 4
  for (int e = begin; e < end; ++e) {
    const int2 entry = __ldg(reinterpret_cast<const int2*>(entries) + e);
    const float value = __int_as_float(entry.y);
#pragma unroll
    for (int j = 0; j < lane_pixels; ++j) sums[j] = fmaf(value, tile[pixels[j] + entry.x], sums[j]);
  }
}

__global__ void __launch_bounds__(conv_cuda_threads)
    conv2d_element(const conv_problem p, const float* input, const int32_t* starts,
                   const conv_cuda_entry* entries, const esp_epilogue epilogue, float* output) {
  __shared__ float tile[conv_cuda_shared_floats];
  const esp_conv2d_shape& s = p.shape;
  const block_place place(p);
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int area = p.plan.tile_h * p.plan.tile_w, tile_pixels = p.plan.images * area;
  const int64_t group_outputs = s.k / s.groups;
  int pixels[lane_pixels];  // a lane without a pixel repeats the first
#pragma unroll
  for (int j = 0; j < lane_pixels; ++j) {
    const int q = lane + 32 * j, own = q < tile_pixels ? q : 0;
    const int image = own / area, y = own % area / p.plan.tile_w, x = own % p.plan.tile_w;
    pixels[j] =
        (image * p.plan.channels * p.plan.in_h + y * static_cast<int>(s.stride_h)) * p.plan.pitch +
        x * static_cast<int>(s.stride_w);
  }
  float sums[warp_outputs][lane_pixels];
#pragma unroll
  for (int o = 0; o < warp_outputs; ++o)
#pragma unroll
    for (int j = 0; j < lane_pixels; ++j) sums[o][j] = 0.0f;
  for (int chunk = 0; chunk < p.plan.chunks; ++chunk) {
    __syncthreads();
    load_chunk(p, place, input, chunk, tile);
    __syncthreads();
#pragma unroll
    for (int o = 0; o < warp_outputs; ++o) {
      const int64_t k = place.output + warp + warps * o;
      if (k >= group_outputs) continue;
      const int64_t list = (place.group * group_outputs + k) * p.plan.chunks + chunk;
      add_list(entries, __ldg(starts + list), __ldg(starts + list + 1), tile, pixels, sums[o]);
    }
  }
  const auto* bias = static_cast<const float*>(epilogue.bias);
  const auto* residual = static_cast<const float*>(epilogue.residual);
#pragma unroll
  for (int j = 0; j < lane_pixels; ++j) {
    const int q = lane + 32 * j;
    const int64_t image = place.image + q / area, y = place.row + q % area / p.plan.tile_w;
    const int64_t x = place.column + q % p.plan.tile_w;
    if (q >= tile_pixels || image >= s.n || y >= p.out_h || x >= p.out_w) continue;
#pragma unroll
    for (int o = 0; o < warp_outputs; ++o) {
      const int64_t k = place.output + warp + warps * o;
      if (k >= group_outputs) continue;
      const int64_t channel = place.group * group_outputs + k;
      const int64_t at = ((image * s.k + channel) * p.out_h + y) * p.out_w + x;
      float sum = sums[o][j];
      if (bias != nullptr) sum += bias[channel];
      if (residual != nullptr) sum += residual[at];
      output[at] = activate(sum, epilogue.activation);
    }
  }
}

// ---- launches -----------------------------------------------------------------------------------

int32_t describe(const char* name, const esp_conv2d_shape& s, conv_problem* p) {
  *p = {s, {}, conv_out_height(s), conv_out_width(s), 0, 0};
  if (!conv_plan_cuda(s, &p->plan))
    return fail(ESP_UNSUPPORTED,
                "%s: expected a kernel that fits a tile of %d floats, got %lld x %lld", name,
                conv_cuda_shared_floats, static_cast<long long>(s.r), static_cast<long long>(s.s));
  p->tiles_h = static_cast<int32_t>((p->out_h + p->plan.tile_h - 1) / p->plan.tile_h);
  p->tiles_w = static_cast<int32_t>((p->out_w + p->plan.tile_w - 1) / p->plan.tile_w);
  return ESP_OK;
}

}  // namespace

int32_t conv2d_pack_element_f32_cuda(const conv2d_pack_call& call) {
  const char* name = "conv2d_pack_element_f32_cuda";
  conv_problem p;
  ESP_TRY(describe(name, *call.shape, &p));
  int32_t* starts = static_cast<int32_t*>(call.packed);
  auto* entries = reinterpret_cast<conv_cuda_entry*>(static_cast<char*>(call.packed) +
                                                     conv_cuda_entries_at(*call.shape, p.plan));
  const int64_t lists = call.shape->k * p.plan.chunks;
  const dim3 grid(static_cast<unsigned>((lists + warps - 1) / warps));
  ESP_TRY(launch(name, &conv_count, grid, conv_cuda_threads, call.stream, p, call.bits, starts));
  ESP_TRY(launch(name, &conv_sum, 1, conv_cuda_threads, call.stream, starts, lists + 1,
                 static_cast<int32_t>(call.nonzeros)));
  return launch(name, &conv_fill, grid, conv_cuda_threads, call.stream, p, call.weight, call.bits,
                call.nonzeros, starts, entries);
}

int32_t conv2d_element_f32_cuda(const conv2d_call& call) {
  const char* name = "conv2d_element_f32_cuda";
  const esp_conv2d_shape& s = *call.shape;
  conv_problem p;
  ESP_TRY(describe(name, s, &p));
  const int64_t group_outputs = s.k / s.groups;
  const int64_t tiles = (s.n + p.plan.images - 1) / p.plan.images * p.tiles_h * p.tiles_w;
  const int64_t parts = (group_outputs + conv_cuda_outputs - 1) / conv_cuda_outputs * s.groups;
  if (tiles >= int64_t{1} << 31 || parts > 65535)
    return fail(
        ESP_UNSUPPORTED,
        "%s: expected at most 2^31 - 1 tiles and 65535 parts of the outputs, got %lld and %lld",
        name, static_cast<long long>(tiles), static_cast<long long>(parts));
  const int32_t* starts = static_cast<const int32_t*>(call.packed);
  const auto* entries = reinterpret_cast<const conv_cuda_entry*>(
      static_cast<const char*>(call.packed) + conv_cuda_entries_at(s, p.plan));
  return launch(name, &conv2d_element,
                dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(parts)), conv_cuda_threads,
                call.stream, p, call.input, starts, entries, call.epilogue, call.output);
}

}  // namespace espalier
