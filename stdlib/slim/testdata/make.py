"""Computes the goldens of packages slim, losses and metrics with real TF-Slim; see README.md."""
import sys,json
# PYTHONPATH must have the folder of tf1.py
from tf1 import tf,tf1,slim,np,session
rng=np.random.RandomState(3)
out={}
g=tf1.Graph()
with g.as_default():
    P=tf1.placeholder(tf.float32,[None,4]);L=tf1.placeholder(tf.int64,[None]);B=tf1.placeholder(tf.float32,[None]);W=tf1.placeholder(tf.float32,[None])
    cls=tf.argmax(P,1)
    pos=tf.greater(P[:,0],.3); lab=tf.equal(L,0)
    m={'mean':tf1.metrics.mean(B,W),'accuracy':tf1.metrics.accuracy(L,cls,W),'recall_at_2':slim.metrics.streaming_recall_at_k(P,L,2),
     'mae':tf1.metrics.mean_absolute_error(B,P[:,0],W),'mse':tf1.metrics.mean_squared_error(B,P[:,0]),'rmse':tf1.metrics.root_mean_squared_error(B,P[:,0],W),
     'precision':tf1.metrics.precision(lab,pos,W),'recall':tf1.metrics.recall(lab,pos),'tp':tf1.metrics.true_positives(lab,pos,W),'fn':tf1.metrics.false_negatives(lab,pos),
     'fp':tf1.metrics.false_positives(lab,pos),'tn':tf1.metrics.true_negatives(lab,pos,W),
     'auc':tf1.metrics.auc(lab,P[:,0],W),'auc_pr':tf1.metrics.auc(lab,P[:,0],num_thresholds=11,curve='PR'),'mean_iou':tf1.metrics.mean_iou(L,cls,4,W),
     'mean_per_class':tf1.metrics.mean_per_class_accuracy(L,cls,4)}
    names=[v.op.name for v in tf1.local_variables()]
    s=session(g,2); s.run(tf1.local_variables_initializer())
    batches=[]
    for n in (5,7):
        p=rng.rand(n,4).astype('f'); p/=p.sum(1,keepdims=True); l=rng.randint(0,4,n); b=rng.rand(n).astype('f'); w=(rng.rand(n)*(rng.rand(n)>.3)).astype('f')
        f={P:p,L:l,B:b,W:w}
        u=s.run({k:v[1] for k,v in m.items()},f)
        batches.append(dict(p=p.reshape(-1).tolist(),l=l.tolist(),b=b.tolist(),w=w.tolist(),update={k:float(x) for k,x in u.items() if np.size(x)==1}))
    v=s.run({k:x[0] for k,x in m.items()})
json.dump(dict(names=names,batches=batches,value={k:float(x) for k,x in v.items()}),open('metrics.json','w'))
# losses
L2={}
g=tf1.Graph()
with g.as_default():
    p=np.array(rng.randn(3,4),'f');y=np.array(rng.rand(3,4),'f');oh=np.eye(4,dtype='f')[[1,3,0]];q=np.array(rng.rand(3,4)*.9+.05,'f')
    w1=np.array([[.5],[0],[2]],'f'); w2=np.array(rng.rand(3,4),'f'); w0=np.array([1.,0,3.],'f')
    R=tf1.losses.Reduction
    s=session(g,2)
    for red in (R.SUM_BY_NONZERO_WEIGHTS,R.SUM_OVER_BATCH_SIZE,R.MEAN,R.SUM,R.NONE):
        for wn,w in (('none',1.0),('half',.5),('col',w1),('full',w2)):
            for n,f in (('mse',lambda:tf1.losses.mean_squared_error(y,p,w,reduction=red)),('abs',lambda:tf1.losses.absolute_difference(y,p,w,reduction=red)),('huber',lambda:tf1.losses.huber_loss(y,p,w,delta=.7,reduction=red)),
               ('log',lambda:tf1.losses.log_loss(y,q,w,reduction=red)),('hinge',lambda:tf1.losses.hinge_loss(oh,p,w,reduction=red)),('sigmoid',lambda:tf1.losses.sigmoid_cross_entropy(oh,p,w,label_smoothing=.1,reduction=red))):
                L2['/'.join((n,wn,red))]=np.asarray(s.run(f())).reshape(-1).tolist()
        for wn,w in (('none',1.0),('vec',w0)):
            L2['/'.join(('softmax',wn,red))]=np.asarray(s.run(tf1.losses.softmax_cross_entropy(oh,p,w,label_smoothing=.1,reduction=red))).reshape(-1).tolist()
            L2['/'.join(('sparse',wn,red))]=np.asarray(s.run(tf1.losses.sparse_softmax_cross_entropy([1,3,0],p,w,reduction=red))).reshape(-1).tolist()
        for wn,w in (('none',1.0),('col',w1)):
            L2['/'.join(('cosine',wn,red))]=np.asarray(s.run(tf1.losses.cosine_distance(y,q,axis=1,weights=w,reduction=red))).reshape(-1).tolist()
    for wn,w in (('none',1.0),('col',w1),('half',.5)):
        L2['/'.join(('pairwise',wn,''))]=np.asarray(s.run(tf1.losses.mean_pairwise_squared_error(y,p,w))).reshape(-1).tolist()
json.dump(dict(p=p.reshape(-1).tolist(),y=y.reshape(-1).tolist(),q=q.reshape(-1).tolist(),w2=w2.reshape(-1).tolist(),losses=L2),open('losses.json','w'))
# layers: values, all variables filled with 0.1+0.01*i
lay={}
def lay_case(name,f,shape):
    g=tf1.Graph()
    with g.as_default():
        n=int(np.prod(shape)); x=((np.arange(n)*37%101)/50.-1).astype('f').reshape(shape)
        r=f(tf.constant(x)); s=session(g,2); s.run(tf1.global_variables_initializer())
        for v in tf1.global_variables():
            c=int(np.prod(v.shape.as_list())); v.load(((np.arange(c)*13%17)/40.+.1).astype('f').reshape(v.shape.as_list()),s)
        gr=tf1.gradients(tf.reduce_sum(r*tf.reshape((tf.cast(tf.range(tf.size(r)),tf.float32)%5.)/4.,tf.shape(r))),[v for v in tf1.trainable_variables()])
        val,gv=s.run([r,[z for z in gr]])
        lay[name]=dict(shape=list(shape),out_shape=list(val.shape),out=val.reshape(-1).tolist(),vars=[v.op.name for v in tf1.trainable_variables()],grads=[z.reshape(-1).tolist() for z in gv])
lay_case('conv3d',lambda x:slim.convolution3d(x,3,[3,2,3],stride=[2,1,2],activation_fn=None),(2,5,4,5,2))
lay_case('conv3d_valid',lambda x:slim.convolution3d(x,3,[2,2,3],padding='VALID',activation_fn=None),(1,4,4,5,2))
lay_case('conv1d',lambda x:slim.convolution1d(x,3,3,stride=2,activation_fn=None),(2,9,2))
lay_case('conv1d_rate',lambda x:slim.convolution1d(x,3,3,rate=2,activation_fn=None),(2,9,2))
lay_case('transpose',lambda x:slim.conv2d_transpose(x,3,[3,3],stride=2,activation_fn=None),(2,3,4,2))
lay_case('transpose_valid',lambda x:slim.conv2d_transpose(x,3,[4,3],stride=2,padding='VALID',activation_fn=None),(1,3,4,2))
lay_case('transpose3d',lambda x:slim.conv3d_transpose(x,3,[3,3,2],stride=[2,1,2],activation_fn=None),(2,3,3,2,2))
lay_case('transpose3d_valid',lambda x:slim.conv3d_transpose(x,3,[4,3,2],stride=[2,2,1],padding='VALID',activation_fn=None),(1,2,3,2,2))
lay_case('transpose3d_sparse',lambda x:slim.conv3d_transpose(x,2,[1,2,2],stride=[3,2,2],activation_fn=None),(1,3,2,2,2))
lay_case('in_plane',lambda x:slim.conv2d_in_plane(x,[3,2],stride=2,activation_fn=None),(2,5,6,3))
lay_case('separable',lambda x:slim.separable_conv2d(x,4,[3,3],depth_multiplier=2,stride=2,activation_fn=None),(2,5,6,3))
lay_case('fc3',lambda x:slim.fully_connected(x,4,activation_fn=None),(2,3,5))
lay_case('layer_norm',lambda x:slim.layer_norm(x),(2,3,4,5))
lay_case('layer_norm_begin',lambda x:slim.layer_norm(x,begin_norm_axis=2),(2,3,4,5))
lay_case('group_norm',lambda x:slim.group_norm(x,groups=2),(2,3,4,6))
lay_case('instance_norm',lambda x:slim.instance_norm(x),(2,3,4,5))
lay_case('spatial_softmax',lambda x:slim.spatial_softmax(x),(2,3,4,5))
lay_case('bias_add',lambda x:slim.bias_add(x,activation_fn=tf.nn.relu),(2,3,4,5))
def novar(name,f,shape):
    g=tf1.Graph()
    with g.as_default():
        n=int(np.prod(shape)); x=((np.arange(n)*37%101)/50.-1).astype('f').reshape(shape)
        val=session(g,2).run(f(tf.constant(x)))
        lay[name]=dict(shape=list(shape),out_shape=list(val.shape),out=val.reshape(-1).tolist(),vars=[],grads=[])
for pad in ('SAME','VALID'):
    novar('max_pool3d_'+pad,lambda x:slim.max_pool3d(x,[3,2,2],stride=2,padding=pad),(2,5,4,5,2))
    novar('avg_pool3d_'+pad,lambda x:slim.avg_pool3d(x,[3,2,2],stride=[2,1,2],padding=pad),(2,5,4,5,2))
novar('unit_norm',lambda x:slim.unit_norm(x,2),(2,3,4,5))
novar('maxout',lambda x:slim.maxout(x,2),(2,3,6))
novar('softmax',lambda x:slim.softmax(x),(2,3,6))
json.dump(lay,open('layers.json','w'))

