"""MobileNet V1 in TF-Slim, as TF-Slim's model library builds it: the same names, initializers and defaults.

Howard et al., MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications, arXiv:1704.04861, table 1.
"""
from slim_on_tf2 import slim, tf

# (stride, outputs) of the thirteen depthwise separable blocks after the first convolution.
BLOCKS = ((1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512), (1, 512), (1, 512), (1, 512), (1, 512), (1, 512),
          (2, 1024), (1, 1024))
MIN_DEPTH = 8
SCOPE, HEAD = "MobilenetV1", "MobilenetV1/Logits"


def arg_scope(weight_decay=4e-5, decay=0.9997, updates=tf.GraphKeys.UPDATE_OPS):
    """mobilenet_v1_arg_scope: BatchNorm with gamma, epsilon 0.001, ReLU6, no weight decay on depthwise filters."""
    norm = dict(center=True, scale=True, decay=decay, epsilon=0.001, updates_collections=updates)
    init = tf.truncated_normal_initializer(stddev=0.09)
    regularizer = slim.l2_regularizer(weight_decay) if weight_decay else None
    convs = [slim.conv2d, slim.separable_conv2d]
    with slim.arg_scope(convs, weights_initializer=init, activation_fn=tf.nn.relu6, normalizer_fn=slim.batch_norm):
        with slim.arg_scope([slim.batch_norm], **norm):
            with slim.arg_scope([slim.conv2d], weights_regularizer=regularizer):
                with slim.arg_scope([slim.separable_conv2d], weights_regularizer=None) as scope:
                    return scope


def mobilenet_v1(images, num_classes, is_training, depth_multiplier=0.25, dropout_keep_prob=0.999):
    """Logits [N, classes] and the end points by name. images: [N, H, W, C] in [-1, 1]."""
    end_points = {}

    def depth(d):
        return max(int(d * depth_multiplier), MIN_DEPTH)

    with tf.variable_scope(SCOPE, values=[images]), \
            slim.arg_scope([slim.batch_norm, slim.dropout], is_training=is_training), \
            slim.arg_scope([slim.conv2d, slim.separable_conv2d], padding="SAME"):
        net = end_points["Conv2d_0"] = slim.conv2d(images, depth(32), [3, 3], stride=2, scope="Conv2d_0")
        for k, (stride, outputs) in enumerate(BLOCKS, 1):
            name = "Conv2d_%d_depthwise" % k
            net = end_points[name] = slim.separable_conv2d(net, None, [3, 3], 1, stride=stride, scope=name)
            name = "Conv2d_%d_pointwise" % k
            net = end_points[name] = slim.conv2d(net, depth(outputs), [1, 1], scope=name)
        with tf.variable_scope("Logits"):
            size = [min(7, int(n)) for n in net.shape[1:3]]
            net = end_points["AvgPool_1a"] = slim.avg_pool2d(net, size, stride=1, padding="VALID", scope="AvgPool_1a")
            net = slim.dropout(net, keep_prob=dropout_keep_prob, scope="Dropout_1b")
            net = slim.conv2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None, scope="Conv2d_1c_1x1")
            logits = end_points["Logits"] = tf.squeeze(net, [1, 2], name="SpatialSqueeze")
    end_points["Predictions"] = slim.softmax(logits, scope="Predictions")
    return logits, end_points
