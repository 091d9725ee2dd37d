package dev.espalier.runtime.internal.abi.presets;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/** Tells JavaCPP how the names of espalier/kernels.h appear in Java. */
@Properties(
        target = "dev.espalier.runtime.internal.abi",
        global = "dev.espalier.runtime.internal.abi.KernelsAbi",
        value = @Platform(value = "linux-x86_64", include = "espalier/kernels.h", link = "espalier_kernels"))
public class KernelsHeader implements InfoMapper {
    private static final String[][] STRUCTS = {
        {"esp_target", "AbiTarget"},
        {"esp_score_item", "AbiScoreItem"},
        {"esp_channel_item", "AbiChannelItem"},
        {"esp_select_item", "AbiSelectItem"},
        {"esp_selection", "AbiSelection"},
        {"esp_mask_build_item", "AbiMaskBuildItem"},
        {"esp_mask_pack_item", "AbiMaskPackItem"},
        {"esp_mask_apply_item", "AbiMaskApplyItem"},
        {"esp_mask_count_item", "AbiMaskCountItem"},
        {"esp_sgd_item", "AbiSgdItem"},
        {"esp_sgd", "AbiSgd"},
        {"esp_adam_item", "AbiAdamItem"},
        {"esp_adam", "AbiAdam"},
        {"esp_gather_item", "AbiGatherItem"},
        {"esp_conv2d_shape", "AbiConv2dShape"},
        {"esp_epilogue", "AbiEpilogue"},
        {"esp_image16", "AbiImage16"},
        {"esp_conv2d_image16_layout", "AbiConv2dImage16Layout"},
        {"esp_conv2d_half_layout", "AbiConv2dHalfLayout"}
    };

    @Override
    public void map(InfoMap infoMap) {
        infoMap.put(new Info("ESPALIER_KERNELS_H").define(false));
        infoMap.put(new Info("__cplusplus").define(true));
        for (String[] struct : STRUCTS) {
            infoMap.put(new Info(struct[0]).pointerTypes(struct[1]));
        }
    }
}
