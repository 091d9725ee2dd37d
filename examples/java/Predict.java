import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import dev.espalier.model.Preprocessing;
import dev.espalier.plan.Session;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Names the class of one colour image that has the size of the model's input. */
public final class Predict {
    private Predict() {}

    public static void main(String[] args) throws IOException {
        try (Scope scope = Scope.open();
                Model model = Onnx.read(Path.of(args[0]));
                Session session = Session.of(model, Device.CPU)) {
            BufferedImage image = ImageIO.read(new File(args[1]));
            Preprocessing preprocessing = model.metadata().imagePreprocessing().orElseThrow();
            Tensor scores = session.run(input(image, preprocessing));
            int best = (int) scores.argmax(1).item();
            double share = scores.softmax(1).max().item();
            System.out.printf("%s %.1f %%%n", model.metadata().labels().get(best), 100 * share);
        }
    }

    /** The image as a batch of one, [1, 3, height, width]. */
    private static Tensor input(BufferedImage image, Preprocessing preprocessing) {
        int height = (int) preprocessing.input().dim(1);
        int width = (int) preprocessing.input().dim(2);
        if (image.getHeight() != height || image.getWidth() != width) {
            throw new IllegalArgumentException("the model takes images of " + width + "x" + height + ", got "
                    + image.getWidth() + "x" + image.getHeight() + "; resize the image");
        }
        float[] values = new float[3 * height * width];
        int[] rgb = image.getRGB(0, 0, width, height, null, 0, width);
        for (int channel = 0; channel < 3; channel++) {
            float mean = preprocessing.mean().get(channel);
            float std = preprocessing.std().get(channel);
            for (int i = 0; i < rgb.length; i++) {
                int pixel = rgb[i] >> (16 - 8 * channel) & 0xff;
                values[channel * rgb.length + i] = (pixel / 255f - mean) / std;
            }
        }
        return Tensor.of(values, 1, 3, height, width);
    }
}
