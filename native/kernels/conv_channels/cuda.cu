// Convolution with live channels for CUDA: halo tiles of live inputs and the weights of live
// outputs in shared memory. A block computes the pixels of a tile (base/halo_tile.h) of 32 live
// outputs of a group, found through the list; the blocks that a short list leaves idle only write
// the epilogue of 0 to masked outputs.
#include "base/cuda.h"
#include "base/epilogue.h"
#include "base/halo_tile.h"
#include "kernels/conv_channels/conv_channels.h"

namespace espalier {
namespace {

constexpr int warps = halo_tile_threads / 32;
constexpr int lane_pixels = halo_tile_pixels / 32;
constexpr int warp_outputs = halo_tile_outputs / warps;
// Floats per tap: 32 outputs, and 4 so that taps side by side meet fewer banks.
constexpr int weight_pitch = halo_tile_outputs + 4;
constexpr unsigned all_lanes = 0xffffffffu;

struct channel_problem {
  esp_conv2d_shape shape;
  halo_tile tile;
  int64_t out_h, out_w;
  int32_t tiles_h, tiles_w, parts;  // parts: of the outputs of a group
  conv2d_channels_call call;
};

// ---- lists --------------------------------------------------------------------------------------

// One block: a thread per channel, 256 at a time.
__global__ void __launch_bounds__(halo_tile_threads)
    list_channels(const uint32_t* bits, int64_t channels, int32_t* list) {
  __shared__ int32_t sums[warps];
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  int32_t before = 0;
  for (int64_t first = 0; first < channels; first += halo_tile_threads) {
    const int64_t c = first + threadIdx.x;
    const bool live = c < channels && (bits[c / 32] >> (c % 32) & 1u) != 0;
    const unsigned ballot = __ballot_sync(all_lanes, live);
    if (lane == 0) sums[warp] = __popc(ballot);
    __syncthreads();
    int32_t all = 0, lower = before;
    for (int w = 0; w < warps; ++w) {
      if (w < warp) lower += sums[w];
      all += sums[w];
    }
    if (live) list[1 + lower + __popc(ballot & ((1u << lane) - 1u))] = static_cast<int32_t>(c);
    before += all;
    __syncthreads();
  }
  if (threadIdx.x == 0) list[0] = before;
}

// Number of channels of a list that are below `channel`; without a list all channels are live.
__device__ int32_t live_below(const int32_t* list, int64_t channel, int64_t channels) {
  if (list == nullptr) return static_cast<int32_t>(channel);
  int32_t low = 0, high = static_cast<int32_t>(list[0] < channels ? list[0] : channels);
  while (low < high) {
    const int32_t middle = low + (high - low) / 2;
    if (list[1 + middle] < channel)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

__device__ int64_t live_channel(const int32_t* list, int32_t rank) {
  return list == nullptr ? rank : list[1 + rank];
}

// ---- convolution --------------------------------------------------------------------------------

// The pixels and the group of one block.
struct block_place {
  int64_t image, row, column, group;

  __device__ explicit block_place(const channel_problem& p) {
    const int64_t tile = blockIdx.x, tiles = int64_t{p.tiles_h} * p.tiles_w;
    image = tile / tiles * p.tile.images;
    row = tile % tiles / p.tiles_w * p.tile.tile_h;
    column = tile % p.tiles_w * p.tile.tile_w;
    group = blockIdx.y / p.parts;
  }
};

// Fills the halo tile of `count` live inputs from rank `first` on; a warp takes a row of a channel.
__device__ void load_inputs(const channel_problem& p, const block_place& place, int32_t first,
                            int32_t count, float* tile) {
  const esp_conv2d_shape& s = p.shape;
  const int rows = p.tile.images * count * p.tile.in_h;
  for (int i = static_cast<int>(threadIdx.x / 32); i < rows; i += warps) {
    const int in_row = i % p.tile.in_h, c = i / p.tile.in_h % count;
    const int in_tile = i / p.tile.in_h / count;
    const int64_t y = place.row * s.stride_h - s.pad_top + in_row, image = place.image + in_tile;
    const bool inside = image < s.n && y >= 0 && y < s.h;
    const int64_t plane = image * s.c + live_channel(p.call.live_inputs, first + c);
    const float* const source = p.call.input + (plane * s.h + y) * s.w;
    float* const target =
        tile + ((in_tile * p.tile.channels + c) * p.tile.in_h + in_row) * p.tile.pitch;
    for (int x = static_cast<int>(threadIdx.x % 32); x < p.tile.in_w; x += 32) {
      const int64_t column = place.column * s.stride_w - s.pad_left + x;
      target[x] = inside && column >= 0 && column < s.w ? __ldg(source + column) : 0.0f;
    }
  }
}

// weights[(c * taps + t) * pitch + o]: taps [first_tap, first_tap + taps) of `count` live inputs
// from rank `first_input` on, of `outputs` live outputs from rank `first_output` on; 0 past them.
__device__ void load_weights(const channel_problem& p, const block_place& place,
                             int32_t first_output, int32_t outputs, int32_t first_input,
                             int32_t count, int first_tap, int taps, float* weights) {
  const esp_conv2d_shape& s = p.shape;
  const int64_t channels = s.c / s.groups, all_taps = s.r * s.s;
  const int per_output = count * taps;
  for (int i = static_cast<int>(threadIdx.x); i < halo_tile_outputs * per_output;
       i += halo_tile_threads) {
    const int o = i / per_output, at = i % per_output;
    float weight = 0.0f;
    if (o < outputs) {
      const int64_t k = live_channel(p.call.live_outputs, first_output + o);
      const int64_t c = live_channel(p.call.live_inputs, first_input + at / taps);
      const int64_t row = k * channels + c - place.group * channels;
      weight = __ldg(p.call.weight + row * all_taps + first_tap + at % taps);
    }
    weights[at * weight_pitch + o] = weight;
  }
}

// Adds the taps whose weights lie in shared memory.
__device__ void add_taps(const channel_problem& p, int32_t count, int first_tap, int taps,
                         const float* tile, const float* weights, const int (&pixels)[lane_pixels],
                         float (&sums)[warp_outputs][lane_pixels]) {
  const int width = static_cast<int>(p.shape.s), warp = static_cast<int>(threadIdx.x / 32);
  for (int c = 0; c < count; ++c)
    for (int t = 0; t < taps; ++t) {
      const int r = (first_tap + t) / width, q = (first_tap + t) % width;
      const int row = c * p.tile.in_h + r * static_cast<int>(p.shape.dilation_h);
      const float* const from =
          tile + row * p.tile.pitch + q * static_cast<int>(p.shape.dilation_w);
      const float4 four = *reinterpret_cast<const float4*>(weights + (c * taps + t) * weight_pitch +
                                                           warp * warp_outputs);
      const float weight[warp_outputs] = {four.x, four.y, four.z, four.w};
#pragma unroll
      for (int j = 0; j < lane_pixels; ++j) {
        const float input = from[pixels[j]];
#pragma unroll
        for (int o = 0; o < warp_outputs; ++o) sums[o][j] = fmaf(weight[o], input, sums[o][j]);
      }
    }
}

// Stores the epilogue of the lane's sums of output k.
__device__ void store(const channel_problem& p, const block_place& place, int64_t k,
                      const float (&sums)[lane_pixels]) {
  const int area = p.tile.tile_h * p.tile.tile_w;
  const auto* bias = static_cast<const float*>(p.call.epilogue.bias);
  const auto* residual = static_cast<const float*>(p.call.epilogue.residual);
#pragma unroll
  for (int j = 0; j < lane_pixels; ++j) {
    const int q = static_cast<int>(threadIdx.x % 32) + 32 * j;
    const int64_t image = place.image + q / area, y = place.row + q % area / p.tile.tile_w;
    const int64_t x = place.column + q % p.tile.tile_w;
    if (q >= p.tile.images * area || image >= p.shape.n || y >= p.out_h || x >= p.out_w) continue;
    const int64_t at = ((image * p.shape.k + k) * p.out_h + y) * p.out_w + x;
    float sum = sums[j];
    if (bias != nullptr) sum += __ldg(bias + k);
    if (residual != nullptr) sum += residual[at];
    p.call.output[at] = activate(sum, p.call.epilogue.activation);
  }
}

__global__ void __launch_bounds__(halo_tile_threads)
    conv2d_channels(ESP_GRID_CONSTANT(channel_problem) p) {
  __shared__ float tile[halo_tile_shared_floats];
  __align__(16) __shared__ float weights[channel_weight_taps * weight_pitch];
  __shared__ int32_t bounds[4];  // ranks: first and past the last live input, output of the group
  const esp_conv2d_shape& s = p.shape;
  const block_place place(p);
  const int64_t group_inputs = s.c / s.groups, group_outputs = s.k / s.groups;
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  if (threadIdx.x < 4) {
    const int64_t group = place.group + threadIdx.x % 2;
    bounds[threadIdx.x] = threadIdx.x < 2
                              ? live_below(p.call.live_inputs, group * group_inputs, s.c)
                              : live_below(p.call.live_outputs, group * group_outputs, s.k);
  }
  __syncthreads();
  const int32_t first_input = bounds[0], inputs = bounds[1] - bounds[0];
  const auto part = static_cast<int32_t>(blockIdx.y % p.parts);
  const int32_t first_output = bounds[2] + part * halo_tile_outputs;
  const int32_t outputs = bounds[3] - first_output;  // from here on; may be none

  const int area = p.tile.tile_h * p.tile.tile_w;
  int pixels[lane_pixels];  // a lane without a pixel repeats the first
#pragma unroll
  for (int j = 0; j < lane_pixels; ++j) {
    const int q = lane + 32 * j, own = q < p.tile.images * area ? q : 0;
    const int image = own / area, y = own % area / p.tile.tile_w, x = own % p.tile.tile_w;
    pixels[j] =
        (image * p.tile.channels * p.tile.in_h + y * static_cast<int>(s.stride_h)) * p.tile.pitch +
        x * static_cast<int>(s.stride_w);
  }
  float sums[warp_outputs][lane_pixels] = {};
  const auto all_taps = static_cast<int>(s.r * s.s);
  for (int32_t done = 0; outputs > 0 && done < inputs; done += p.tile.channels) {
    const int32_t count = inputs - done < p.tile.channels ? inputs - done : p.tile.channels;
    const int most_taps = static_cast<int>(channel_weight_taps) / p.tile.channels;
    for (int tap = 0; tap < all_taps; tap += most_taps) {
      const int taps = all_taps - tap < most_taps ? all_taps - tap : most_taps;
      __syncthreads();
      if (tap == 0) load_inputs(p, place, first_input + done, count, tile);
      load_weights(p, place, first_output, outputs, first_input + done, count, tap, taps, weights);
      __syncthreads();
      if (warp * warp_outputs < outputs) add_taps(p, count, tap, taps, tile, weights, pixels, sums);
    }
  }
#pragma unroll
  for (int o = 0; o < warp_outputs; ++o)
    if (warp * warp_outputs + o < outputs)
      store(p, place, live_channel(p.call.live_outputs, first_output + warp * warp_outputs + o),
            sums[o]);
  if (p.call.live_outputs == nullptr) return;
  const float zeros[lane_pixels] = {};
  for (int o = 0; o < warp_outputs; ++o) {
    const int64_t in_group = int64_t{part} * halo_tile_outputs + warp * warp_outputs + o;
    const int64_t k = place.group * group_outputs + in_group;
    if (in_group >= group_outputs) return;
    const int32_t rank = live_below(p.call.live_outputs, k, s.k);
    if (rank >= bounds[3] || live_channel(p.call.live_outputs, rank) != k)
      store(p, place, k, zeros);
  }
}

}  // namespace

int32_t channel_list_i32_cuda(const channel_list_call& call) {
  return launch("channel_list_i32_cuda", &list_channels, 1, halo_tile_threads, call.stream,
                call.bits, call.channels, call.list);
}

int32_t conv2d_channels_f32_cuda(const conv2d_channels_call& call) {
  const esp_conv2d_shape& s = *call.shape;
  channel_problem p = {s, {}, conv_out_height(s), conv_out_width(s), 0, 0, 0, call};
  choose_halo_tile(s, channel_most_channels(s), &p.tile);  // it fits: asked before
  p.tiles_h = static_cast<int32_t>((p.out_h + p.tile.tile_h - 1) / p.tile.tile_h);
  p.tiles_w = static_cast<int32_t>((p.out_w + p.tile.tile_w - 1) / p.tile.tile_w);
  const int64_t per_group = (s.k / s.groups + halo_tile_outputs - 1) / halo_tile_outputs;
  const int64_t tiles = (s.n + p.tile.images - 1) / p.tile.images * p.tiles_h * p.tiles_w;
  if (tiles >= int64_t{1} << 31 || per_group * s.groups > 65535)
    return fail(
        ESP_UNSUPPORTED,
        "esp_conv2d_channels: shape: expected at most 2^31 - 1 tiles and 65535 parts of the "
        "outputs, got %lld and %lld",
        static_cast<long long>(tiles), static_cast<long long>(per_group * s.groups));
  p.parts = static_cast<int32_t>(per_group);
  const dim3 grid(static_cast<unsigned>(tiles), static_cast<unsigned>(per_group * s.groups));
  return launch("conv2d_channels_f32_cuda", &conv2d_channels, grid, halo_tile_threads, call.stream,
                p);
}

}  // namespace espalier
